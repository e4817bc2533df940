#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/api/collector.h"
#include "collectors/api/source.h"
#include "collectors/usage/config/usage_config.h"
#include "collectors/usage/reading/attempts.h"
#include "collectors/usage/reading/rows.h"
#include "collectors/usage/reading/shared_facts.h"

namespace usage {

// What a read found: whole buckets as the facts take them, or what is narrower. Nothing of it is in
// the facts yet, but the names of users and values.
template <typename Slice, typename Whole = Slice>
struct Found {
  std::map<Instant, Whole> buckets;
  std::map<Instant, Slice> slices;
  std::uint64_t rows = 0;
  std::optional<Instant> newest;
};

// Reads one feature's table. Immutable.
class FeatureReader {
 public:
  FeatureReader(const FeatureConfig& config, const SourceConfig& source);

  // Whether a bucket is the sum of what its parts hold: not where only a user's last row counts.
  bool adds_up() const { return !config_.latest; }

  std::string sql() const;
  Query query(const Interval& interval, bool bulk) const;  // what read() scans

  // The rows of an interval by buckets of this width, or by slices of less; attempts are rows where
  // and when they ended, as known at `now`. `many`: as Query has it. Throws Error.
  Found<Bucket, FreshBucket> read(Source& source, const Interval& interval, Instant now,
                                  Duration width, bool bulk, Deadline deadline,
                                  SharedFacts& shared) const;
  // The time of the oldest row not before `from`.
  std::optional<Instant> oldest(Source& source, Instant from, Deadline deadline) const;
  ColumnCheck check(Source& source, Instant now, Deadline deadline) const;

 private:
  struct Texts;
  class LastRows;
  class Fold;
  void read_attempts(Source& source, const Interval& interval, Instant now, bool bulk,
                     Deadline deadline, Fold& fold) const;
  std::optional<IdMap::Key> user_of(std::span<const Value> row, std::string& buffer) const;
  std::optional<Stage> stage_of(std::span<const Value> row, std::string& buffer) const;
  std::optional<AttemptRow> part_of(std::span<const Value> row, std::string& key,
                                    std::string& buffer) const;
  bool read_fact(std::span<const Value> row, Texts& texts, Fact& fact) const;
  std::optional<std::string_view> dimension_of(std::span<const Value> row, std::size_t dimension,
                                               std::string& buffer) const;
  bool counts(std::span<const Value> row, const Facts& facts) const;

  FeatureConfig config_;
  SourceConfig source_;
  Select select_;
  std::size_t time_ = 0;
  std::optional<std::size_t> user_, outcome_, reason_, scope_, duration_, size_, revoked_, creator_;
  std::vector<std::size_t> dimensions_, scale_maxima_;  // parallel
  std::optional<std::size_t> attempt_;                  // its id
  std::vector<std::size_t> key_;
  bool ambiguous_ = false;  // a start may look like a failure
};

// Reads the tables that say who was active. Immutable.
class ActivityReader {
 public:
  ActivityReader(const std::vector<TableConfig>& tables, const SourceConfig& source);

  std::vector<std::string> sql() const;                                   // one statement a table
  std::vector<Query> queries(const Interval& interval, bool bulk) const;  // what read() scans

  Found<IdSet> read(Source& source, const Interval& interval, Duration width, bool bulk,
                    Deadline deadline, SharedFacts& shared) const;
  std::optional<Instant> oldest(Source& source, Instant from, Deadline deadline) const;
  std::vector<ColumnCheck> check(Source& source, Instant now, Deadline deadline) const;

 private:
  std::vector<TableConfig> tables_;
  SourceConfig source_;
  std::vector<Select> selects_;
};

// Reads the users table, whole. Immutable.
class UsersReader {
 public:
  UsersReader(const UsersConfig& config, const SourceConfig& source);

  std::string sql() const { return select_.sql(); }

  // Replaces the population of the facts. The number of rows.
  std::uint64_t read(Source& source, Deadline deadline, SharedFacts& shared) const;
  ColumnCheck check(Source& source, Deadline deadline) const;

 private:
  UserAttributes attributes_of(std::span<const Value> row, Population& population) const;

  UsersConfig config_;
  TimeFormat time_format_;
  Select select_;
  std::size_t id_ = 0;
  std::optional<std::size_t> created_at_, deleted_at_, team_, account_, exclude_, eligible_;
};

}  // namespace usage
