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

// A bucket as it is kept: `uses`, which readers want alone, as they are; the rest serialized, in a
// fifth of the memory.
struct PackedBucket {
  PerUserCounts uses;
  std::string rest;

  PackedBucket() = default;
  explicit PackedBucket(Bucket bucket);  // compacts it
  Bucket unpacked(const FeatureShape& shape) const;
  std::size_t memory_bytes() const;
  // From the two halves of Bucket::serialize(). Does not read `rest`. Throws Error(data).
  static PackedBucket parse(std::string_view uses, std::string_view rest);
  bool operator==(const PackedBucket&) const = default;
};

// A bucket that was just read.
struct FreshBucket {
  PackedBucket packed;
  FeatureCounters counted;
  FreshBucket(Bucket bucket, const FeatureShape& shape);
};

// The facts of one feature. Has no lock: several threads may read at once, but not beside a writer.
class FeatureFacts {
 public:
  FeatureFacts(FeatureShape shape, Duration bucket_width);

  const FeatureShape& shape() const { return shape_; }
  FeatureNames& names() { return names_; }
  const FeatureNames& names() const { return names_; }
  Duration bucket_width() const { return width_; }
  Instant bucket_start(Instant instant) const;  // the edge at or before it

  // Replaces every bucket of the interval by what was just read; buckets not in `fresh` become
  // empty. Counters rise by each bucket's positive changes, member by member:
  // - a late row raises them, and a deletion never lowers them;
  // - after a purge, new rows are counted;
  // - a row whose time moved to another bucket is counted again there, because it looks like a new
  //   row;
  // - in one bucket, equal numbers of added and deleted rows cancel out.
  // Returns how many rows appeared and vanished, uses and failures each by themselves, and whether
  // anything changed. A bucket that stayed equal keeps the cache of its day.
  struct Change {
    std::uint64_t added = 0, removed = 0;
    bool any = false;
  };
  Change replace(const Interval& interval, std::map<Instant, FreshBucket> fresh);
  Change replace(const Interval& interval, std::map<Instant, Bucket> fresh);

  // When the counters began at 0. They may count older rows.
  void set_counting_since(std::optional<Instant> since) { counting_since_ = since; }
  std::optional<Instant> counting_since() const { return counting_since_; }

  // For the state file.
  void restore(std::map<Instant, PackedBucket> buckets, FeatureCounters counters);
  void forget(UserId user);  // keeps their rows, as rows without a user, and the counters
  const std::map<Instant, PackedBucket>& buckets() const { return buckets_; }
  const FeatureCounters& counters() const { return counters_; }

  // The sum of an interval of whole buckets.
  Bucket sum(const Interval& interval) const;
  // Parts of sum(interval) that are needed often. The merged buckets of a UTC day are cached, so
  // that a month costs 30 merges and not 720. Thread-safe among readers.
  IdSet users(const Interval& interval) const;  // of the uses
  std::shared_ptr<const UsageSummary> summary(const Interval& interval,
                                              const IdSet& excluded) const;
  FeatureCounters totals(const Interval& interval) const;  // whatever the counters say
  std::optional<Instant> first_bucket() const;
  std::size_t memory_bytes() const;  // caches included

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
  std::map<Instant, PackedBucket> buckets_;  // without empty ones
  FeatureCounters counters_;
  // Users have a cache of their own: they are needed of longer ago than the rest.
  SummaryCache done_;
  DayCache<IdSet> users_{4096};
  DayCache<FeatureCounters> totals_{4096};
};

}  // namespace usage
