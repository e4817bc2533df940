#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/api/collector.h"
#include "collectors/api/source.h"
#include "collectors/facts/feature_facts.h"
#include "collectors/usage/config/usage_config.h"
#include "collectors/usage/reading/attempts.h"
#include "collectors/usage/reading/found.h"
#include "collectors/usage/reading/rows.h"
#include "collectors/usage/reading/shared_facts.h"

namespace usage {

// Reads one feature's table. Immutable.
class FeatureReader {
 public:
  FeatureReader(const FeatureConfig& config, const SourceConfig& source);

  // True if a bucket is the sum of its slices. False where only a user's last row counts.
  bool adds_up() const { return !config_.latest; }

  std::string sql() const;
  Query query(const Interval& interval, bool bulk) const;  // what read() scans

  // Reads the rows of an interval into buckets of this width, or slices of less. An attempt is a
  // row at its end, as known at `now`. `bulk` is Query::bulk. Throws Error.
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

}  // namespace usage
