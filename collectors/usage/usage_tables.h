#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collectors/api/collector.h"
#include "collectors/usage/config/usage_config.h"
#include "collectors/usage/reading/activity_reader.h"
#include "collectors/usage/reading/feature_reader.h"
#include "collectors/usage/reading/read_ahead.h"
#include "collectors/usage/reading/slices.h"
#include "collectors/usage/reading/users_reader.h"
#include "collectors/usage/usage_state.h"

namespace usage {

// The tables of one source that features and the population are read from. One thread, that of the
// source.
class UsageTables {
 public:
  // The database outlives the tables.
  UsageTables(std::shared_ptr<const UsageConfig> config, std::shared_ptr<UsageState> state,
              const SourceConfig& source, Source& database);

  // Reads what is due into the facts, as far as three quarters of the run's time allow, or less
  // where twice the longest part would not fit into the rest: the next run goes on. Returns the
  // rows read. Throws Error; what was read before stays read.
  std::uint64_t refresh(const RunContext& run);

  // Rows came in these intervals of kSlice, given by their starts, since they were read. Those that
  // the next refresh() reads anyway are left alone.
  void read_again(const std::vector<Instant>& slices, Instant now);

  Instant earliest(Instant now) const;  // rows before that are never read
  std::vector<ColumnCheck> check(const RunContext& run);

  // Whether the last refresh() ran out of time in the first backfill.
  bool more() const { return more_; }

  // What refresh() knew at its end.
  const std::set<std::string>& features() const { return feature_names_; }
  std::optional<Instant> newest_row() const { return newest_row_; }
  std::optional<double> backfilled() const { return backfilled_; }  // from 0 to 1
  const std::map<std::string, std::uint64_t>& changed_rows() const { return changed_rows_; }

 private:
  struct Step {
    std::string table;
    PlannedRead reading;
    Duration grain{};  // its ends lie on edges of these: buckets, or slices
  };

  std::vector<std::string> tables() const;
  Interval kept(const std::string& table, Instant now) const;
  void refresh_users(const RunContext& run);
  bool waits_for_users(const std::string& table) const;
  void ask_oldest(const std::string& table, const RunContext& run);
  std::deque<Step> steps(const RunContext& run);
  std::vector<Step> young_steps(const std::string& table, const Interval& young, Instant now);
  bool is_whole(const Step& step) const;
  std::optional<Step> next_part(std::deque<Step>& rest);
  void ask(const Step& part, const RunContext& run, ReadAhead& ahead) const;
  void read(const Step& part, const RunContext& run, Source& database);
  void read_part(const Step& part, const RunContext& run, Source& database);
  Duration resize(const std::string& table, double factor);
  void show_progress(const RunContext& run);
  void note_progress(const RunContext& run);
  void note_newest_row(const LockedFacts& facts, const std::string& table,
                       std::optional<Instant> newest);

  const std::shared_ptr<const UsageConfig> config_;
  const std::shared_ptr<UsageState> state_;
  const std::string source_;
  Source& database_;
  std::map<std::string, FeatureReader> readers_;  // of features and records
  std::set<std::string> feature_names_;
  std::set<std::string> needs_users_;  // of another source
  std::optional<ActivityReader> activity_;
  std::optional<UsersReader> users_;
  std::map<std::string, Slices<Bucket>> slices_;  // by feature
  Slices<IdSet> activity_slices_;

  std::uint64_t rows_ = 0;  // of this run
  bool more_ = false;
  std::uint64_t user_rows_ = 0;
  std::optional<Instant> users_read_, newest_row_;
  std::optional<double> backfilled_;
  std::map<std::string, std::uint64_t> changed_rows_;  // by feature
};

}  // namespace usage
