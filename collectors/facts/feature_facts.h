#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/facts/bucket.h"

namespace usage {

// Half-open; for facts, both ends lie on bucket edges.
struct Interval {
  Instant from, to;
  bool operator==(const Interval&) const = default;
};

// What a feature has counted since ever. They only rise: see FeatureFacts::replace.
struct FeatureCounters {
  std::uint64_t uses = 0, failures = 0, unattributed = 0;
  std::vector<std::uint64_t> failures_by_reason;                   // as in Bucket
  std::vector<std::map<std::uint32_t, std::uint64_t>> dimensions;  // per dimension: value → uses
  Distribution duration, size;
  bool operator==(const FeatureCounters&) const = default;
};

// The facts of one feature. Readers may share it between writes; it has no lock of its own.
class FeatureFacts {
 public:
  FeatureFacts(FeatureShape shape, Duration bucket_width);

  const FeatureShape& shape() const { return shape_; }
  FeatureNames& names() { return names_; }
  const FeatureNames& names() const { return names_; }
  Duration bucket_width() const { return width_; }
  Instant bucket_start(Instant instant) const;  // the edge at or before it

  // Replaces every bucket of the interval by what was just read; buckets that are not in `fresh`
  // become empty. Counters rise by each bucket's positive changes, measure by measure: a late row
  // raises them, a deletion never lowers them, a purge that is followed by new rows counts the new.
  // Returns how many rows appeared, and how many vanished.
  struct Change {
    std::uint64_t added = 0, removed = 0;
  };
  Change replace(const Interval& interval, std::map<Instant, Bucket> fresh);

  // For the state file.
  void restore(std::map<Instant, Bucket> buckets, FeatureCounters counters);
  const std::map<Instant, Bucket>& buckets() const { return buckets_; }
  const FeatureCounters& counters() const { return counters_; }

  // Everything in an interval of whole buckets. Whole UTC days are merged once and remembered, so
  // that a month costs 30 merges and not 720; thread-safe among readers.
  Bucket sum(const Interval& interval) const;
  UserSet users(const Interval& interval) const;  // sum(interval).uses.users(), quicker
  std::optional<Instant> first_bucket() const;

 private:
  FeatureShape shape_;
  Duration width_;
  FeatureNames names_;
  std::map<Instant, Bucket> buckets_;  // no empty ones
  FeatureCounters counters_;
  // … the day cache
};

}  // namespace usage
