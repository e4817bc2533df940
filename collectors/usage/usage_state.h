#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "collectors/events/journal.h"
#include "collectors/measures/targets/target_status.h"
#include "collectors/state/state_file.h"
#include "collectors/usage/config/usage_config.h"
#include "collectors/usage/reading/cache_key.h"
#include "collectors/usage/reading/refresh_policy.h"
#include "collectors/usage/reading/shared_facts.h"
#include "exporter/base/log.h"
#include "exporter/base/mutex.h"

namespace usage {

struct UsageOptions {
  std::string storage_path;  // empty: nothing outlives the process
  bool complete = false;     // a run reads everything there is, or fails: `once`
  bool live = true;          // false: RunContext::now lies in the past
  std::optional<Instant> since =
      {};  // the history reaches back from here, not from RunContext::now
};

// How far one table was read.
struct TableProgress {
  CacheKey key;  // what the facts are read with
  ReadLog log;
  bool finished = false;                 // the first backfill: counters are complete
  std::optional<Instant> oldest;         // row
  std::optional<Instant> asked_oldest;   // when that was asked
  std::optional<Instant> newest;         // row that was seen
  std::uint64_t changed_rows = 0;        // on later tiers
  std::optional<Instant> since;          // when it was begun: counters were 0
  Duration step = std::chrono::days(1);  // so much is read at a time at most; not kept

  std::string serialize(Duration bucket) const;  // without the key
  // Texts of older programs lack `since`.
  void parse(std::string_view text, Duration bucket);  // Error(data)
};

// The facts of the process, how far they are read, and the file that keeps them. There is one for a
// process, shared by the jobs of all sources and, over reloads, of all configs. Thread-safe.
class UsageState {
 public:
  static constexpr const char* kActivity = StateFile::kActivity;

  explicit UsageState(UsageOptions options)
      : options_(std::move(options)), journal_path_(Journal::path_in(options_.storage_path)) {}

  const UsageOptions& options() const { return options_; }
  SharedFacts& shared() { return shared_; }
  LockedFacts lock() { return LockedFacts(shared_); }

  // Opens the state file, once. The log outlives the state. Throws Error as StateFile does.
  void open(Instant now, Log& log);

  // Makes the facts fit the config. Facts that were read with other settings are forgotten, to be
  // read anew; one line of the log names the settings. Jobs of other configs have ended.
  void adopt(const std::shared_ptr<const UsageConfig>& config, Instant now, Log& log);

  // What is reached with LockedFacts is guarded by their lock.
  TableProgress& table(const LockedFacts&, const std::string& name) { return tables_.at(name); }
  // What the facts were made to fit; nullptr before.
  std::shared_ptr<const UsageConfig> config(const LockedFacts&) const { return adopted_; }
  // Notes that the facts of these buckets are those that the table holds now.
  void read(const LockedFacts& facts, const std::string& table, const Interval& interval,
            Instant at);
  // Notes that the table got rows there since its buckets were read.
  void invalidate(const LockedFacts& facts, const std::string& table, const Interval& interval);

  // Whether every table was read once all rows before `until`, an edge of a bucket, could be there.
  bool read_up_to(const LockedFacts&, Instant until) const;

  // Whether everything that the config kept of the past has been read once.
  bool finished();

  // Where the events of logs and clients lie. The journal is opened at its first use; throws as it
  // does. Call it without the lock of the facts.
  const std::string& journal_path() const { return journal_path_; }
  Journal& journal();

  // Where the targets stood at the last refresh that could tell; nullptr: there was none. Not under
  // the lock of the facts.
  void show(std::shared_ptr<const TargetBoard> board);
  std::shared_ptr<const TargetBoard> board() const;

  // Keeps everything that changed since the last commit, in one transaction. Only reads the
  // facts. Throws Error.
  void commit(const LockedFacts& facts);

 private:
  void open(const LockedFacts&, Instant now, Log& log);
  // Names of tables by the settings that changed, for the log.
  using Changes = std::map<std::string, std::vector<std::string>>;
  void fit_tables(const LockedFacts& facts, const UsageConfig& config, Instant now,
                  Changes& changes);
  void fit_population(const LockedFacts& facts, const UsageConfig& config);
  void load(const LockedFacts& facts, const UsageConfig& config, Log& log, Changes& changes);
  void put(const LockedFacts& facts, StateFile::Changes& changes, const std::string& name,
           const std::set<Instant>& days);

  const UsageOptions options_;
  const std::string journal_path_;
  SharedFacts shared_;
  std::map<std::string, TableProgress> tables_;  // by feature, and kActivity
  std::shared_ptr<const UsageConfig> adopted_;
  std::unique_ptr<StateFile> file_;
  Mutex journal_mutex_;
  std::unique_ptr<Journal> journal_ GUARDED_BY(journal_mutex_);  // once made for good
  mutable Mutex board_mutex_;
  std::shared_ptr<const TargetBoard> board_ GUARDED_BY(board_mutex_);
  std::set<std::string> dropped_;                   // since the last commit
  std::map<std::string, std::set<Instant>> dirty_;  // table → UTC days read since the last commit
};

}  // namespace usage
