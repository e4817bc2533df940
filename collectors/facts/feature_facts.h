#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/facts/bucket.h"
#include "collectors/facts/day_cache.h"
#include "collectors/facts/feature_counters.h"
#include "collectors/facts/usage_summary.h"

namespace usage {

// Half-open; for facts, both ends lie on bucket edges.
struct Interval {
  Instant from, to;
  bool operator==(const Interval&) const = default;
};

// A bucket as it is kept: what is asked for by itself lies open, the rest takes a fifth of the
// memory.
struct PackedBucket {
  PerUserCounts uses;
  std::string rest;

  PackedBucket() = default;
  explicit PackedBucket(Bucket bucket);  // compacts it
  Bucket unpacked(const FeatureShape& shape) const;
  std::size_t memory_bytes() const;
  // From the two halves of Bucket::serialize. What is packed stays unread. Error(data).
  static PackedBucket parse(std::string_view uses, std::string_view rest);
  bool operator==(const PackedBucket&) const = default;
};

// A bucket that was just read.
struct FreshBucket {
  PackedBucket packed;
  FeatureCounters counted;
  FreshBucket(Bucket bucket, const FeatureShape& shape);
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
  // become empty. Counters rise by each bucket's positive changes, member by member: a late row
  // raises them, a deletion never lowers them, a purge that is followed by new rows counts the new.
  // A row whose time moved to another bucket appears there and is counted again: bucket counts
  // cannot tell it from a new row. In one bucket as many rows deleted as added cancel out.
  // Returns how many rows appeared and vanished, uses and failures each by themselves, and whether
  // anything changed: a bucket that is equal to the old one keeps its day remembered.
  struct Change {
    std::uint64_t added = 0, removed = 0;
    bool any = false;
  };
  Change replace(const Interval& interval, std::map<Instant, FreshBucket> fresh);
  Change replace(const Interval& interval, std::map<Instant, Bucket> fresh);

  // When the counters began at 0. They may hold rows of before.
  void set_counting_since(std::optional<Instant> since) { counting_since_ = since; }
  std::optional<Instant> counting_since() const { return counting_since_; }

  // For the state file.
  void restore(std::map<Instant, PackedBucket> buckets, FeatureCounters counters);
  void forget(UserId user);  // their rows stay, as rows without a user; counters do not move
  const std::map<Instant, PackedBucket>& buckets() const { return buckets_; }
  const FeatureCounters& counters() const { return counters_; }

  // Everything in an interval of whole buckets.
  Bucket sum(const Interval& interval) const;
  // Parts of sum(interval) that are asked for often. What was merged of a UTC day is remembered, so
  // that a month costs 30 merges and not 720; thread-safe among readers.
  IdSet users(const Interval& interval) const;  // of the uses
  std::shared_ptr<const UsageSummary> summary(const Interval& interval,
                                              const IdSet& excluded) const;
  FeatureCounters totals(const Interval& interval) const;  // whatever was counted before
  std::optional<Instant> first_bucket() const;
  std::size_t memory_bytes() const;  // the remembered days too

 private:
  void changed(Instant bucket);
  void forget_merged();

  Bucket merged(Instant from, Instant to) const;
  UsageSummary done_in_day(const SummaryCache::Held& known, Instant from, Instant to) const;
  UsageSummary merged_done(Instant from, Instant to, const IdSet& excluded) const;
  IdSet merged_users(Instant from, Instant to) const;

  FeatureShape shape_;
  Duration width_;
  std::optional<Instant> counting_since_;
  FeatureNames names_;
  std::map<Instant, PackedBucket> buckets_;  // no empty ones
  FeatureCounters counters_;
  // Users apart: those of long ago are asked for more often than all the rest.
  SummaryCache done_;
  DayCache<IdSet> users_{4096};
  DayCache<FeatureCounters> totals_{4096};
};

}  // namespace usage
