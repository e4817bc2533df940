#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "collectors/usage_config.h"
#include "collectors/usage_ladder.h"
#include "collectors/usage_reader.h"
#include "exporter/log.h"

namespace usage {

struct UsageOptions {
  std::string storage_path;  // empty: nothing outlives the process
  bool complete = false;     // a run reads everything there is, or fails: `once`
  bool live = true;          // false: Run::now lies in the past
};

// How far one table was read. Guarded by the lock of the facts.
struct TableProgress {
  std::string fingerprint;
  ReadLog log;
  bool finished = false;                 // the first backfill: counters are complete
  std::optional<Instant> oldest;         // row
  std::optional<Instant> asked_oldest;   // when that was asked
  Duration step = std::chrono::days(1);  // so much is read at a time at most
  std::uint64_t changed_rows = 0;        // on later rungs
};

// The facts of the process, how far they are read, and the file that keeps them. There is one for a
// process, shared by the jobs of all sources and, over reloads, of all configs. Thread-safe.
class UsageState {
 public:
  static constexpr char kActivity[] = "";  // the table that stands for all tables of activity

  explicit UsageState(UsageOptions options) : options_(std::move(options)) {}

  const UsageOptions& options() const { return options_; }
  SharedFacts& shared() { return shared_; }
  TableProgress& table(const std::string& name) { return tables_.at(name); }  // under the lock

  // Notes, under the lock, that the facts of these buckets are those that the table holds now.
  void read(const std::string& table, const Interval& interval, Instant at);

  // Makes the facts fit the config: what the config has read otherwise is forgotten, and read anew.
  // Jobs of other configs have ended.
  void adopt(const std::shared_ptr<const UsageConfig>& config, Log& log);

  // Keeps everything that changed since the last commit. Throws Error(io).
  void commit();

 private:
  void fit_tables(const UsageConfig& config);

  const UsageOptions options_;
  SharedFacts shared_;
  std::map<std::string, TableProgress> tables_;  // by feature
  std::shared_ptr<const UsageConfig> adopted_;
};

}  // namespace usage
