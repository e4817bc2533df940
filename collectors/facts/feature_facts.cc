#include "collectors/facts/feature_facts.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "collectors/facts/codec.h"

namespace usage {

namespace {

void check_edges(const Interval& interval, Duration width) {
  if (interval.from.time_since_epoch() % width != Duration::zero() ||
      interval.to.time_since_epoch() % width != Duration::zero()) {
    throw std::logic_error("an interval of facts does not lie on bucket edges");
  }
}

}  // namespace

PackedBucket::PackedBucket(Bucket bucket) {
  bucket.compact();
  rest = bucket.serialize_rest();
  rest.shrink_to_fit();
  uses = std::move(bucket.uses);
}

PackedBucket PackedBucket::parse(std::string_view uses, std::string_view rest) {
  PackedBucket packed;
  packed.uses = PerUserCounts::parse(uses);
  if (!uses.empty()) {
    codec::damaged();
  }
  packed.uses.compact();
  packed.rest = rest;
  return packed;
}

Bucket PackedBucket::unpacked(const FeatureShape& shape) const {
  return Bucket::parse_rest(uses, rest, shape);
}

std::size_t PackedBucket::memory_bytes() const {
  return sizeof *this - sizeof uses + uses.memory_bytes() + rest.capacity();
}

FreshBucket::FreshBucket(Bucket bucket, const FeatureShape& shape) : counted(shape, bucket) {
  packed = PackedBucket(std::move(bucket));
}

FeatureFacts::FeatureFacts(FeatureShape shape, Duration bucket_width)
    : shape_(std::move(shape)), width_(bucket_width), names_(shape_), counters_(shape_) {
  if (width_ <= Duration::zero() || Duration(std::chrono::days(1)) % width_ != Duration::zero()) {
    throw std::logic_error("a bucket's width does not divide a day");
  }
}

Instant FeatureFacts::bucket_start(Instant instant) const {
  const Duration since = instant.time_since_epoch();
  const Duration beyond = since % width_;
  return instant - (beyond < Duration::zero() ? beyond + width_ : beyond);
}

FeatureFacts::Change FeatureFacts::replace(const Interval& interval,
                                           std::map<Instant, Bucket> fresh) {
  std::map<Instant, FreshBucket> packed;
  while (!fresh.empty()) {  // frees each as it goes: a day of unpacked buckets takes much memory
    auto next = fresh.extract(fresh.begin());
    packed.try_emplace(next.key(), std::move(next.mapped()), shape_);
  }
  return replace(interval, std::move(packed));
}

FeatureFacts::Change FeatureFacts::replace(const Interval& interval,
                                           std::map<Instant, FreshBucket> fresh) {
  check_edges(interval, width_);
  const FeatureCounters nothing(shape_);
  Change change;
  const auto count = [&](Instant start, const FeatureCounters& before,
                         const FeatureCounters& after) {
    change.any = true;
    change.added += rise_of(before.uses, after.uses) + rise_of(before.failures, after.failures);
    change.removed += rise_of(after.uses, before.uses) + rise_of(after.failures, before.failures);
    counters_.rise(before, after);
    changed(start);
  };
  const auto counted = [&](const PackedBucket& bucket) {
    return FeatureCounters(shape_, bucket.unpacked(shape_));
  };
  std::erase_if(fresh, [](const auto& entry) {
    return entry.second.counted.uses + entry.second.counted.failures == 0;
  });
  for (auto old = buckets_.lower_bound(interval.from);
       old != buckets_.end() && old->first < interval.to;) {
    if (fresh.contains(old->first)) {
      ++old;
    } else {
      count(old->first, counted(old->second), nothing);
      old = buckets_.erase(old);
    }
  }
  for (auto& [start, bucket] : fresh) {
    if (start < interval.from || start >= interval.to || bucket_start(start) != start) {
      throw std::logic_error("a bucket of facts lies outside of what was read");
    }
    const auto old = buckets_.find(start);
    if (old == buckets_.end()) {
      count(start, nothing, bucket.counted);
      buckets_.emplace(start, std::move(bucket.packed));
    } else if (old->second != bucket.packed) {
      count(start, counted(old->second), bucket.counted);
      old->second = std::move(bucket.packed);
    }
  }
  return change;
}

void FeatureFacts::restore(std::map<Instant, PackedBucket> buckets, FeatureCounters counters) {
  buckets_ = std::move(buckets);
  counters_ = std::move(counters);
  forget_merged();
}

void FeatureFacts::forget(UserId user) {
  for (auto& [start, packed] : buckets_) {
    Bucket bucket = packed.unpacked(shape_);
    bucket.forget(user);
    packed = PackedBucket(std::move(bucket));
  }
  forget_merged();
}

void FeatureFacts::changed(Instant bucket) {
  done_.drop(bucket);
  users_.drop(bucket);
  totals_.drop(bucket);
}

void FeatureFacts::forget_merged() {
  done_.clear();
  users_.clear();
  totals_.clear();
}

Bucket FeatureFacts::merged(Instant from, Instant to) const {
  Bucket all(shape_);
  for (auto it = buckets_.lower_bound(from); it != buckets_.end() && it->first < to; ++it) {
    all.merge(it->second.unpacked(shape_));
  }
  return all;
}

// Does not use merged(): the counts per user, which take most of its time, are not needed.
UsageSummary FeatureFacts::merged_done(Instant from, Instant to, const IdSet& excluded) const {
  UsageSummary all;
  all.dimensions.resize(shape_.dimensions.size());
  for (auto it = buckets_.lower_bound(from); it != buckets_.end() && it->first < to; ++it) {
    all.merge(UsageSummary(it->second.unpacked(shape_), excluded));
  }
  all.compact();
  return all;
}

IdSet FeatureFacts::merged_users(Instant from, Instant to) const {
  IdSet all;
  for (auto it = buckets_.lower_bound(from); it != buckets_.end() && it->first < to; ++it) {
    all |= it->second.uses.users();
  }
  all.compact();
  return all;
}

Bucket FeatureFacts::sum(const Interval& interval) const {
  check_edges(interval, width_);
  Bucket total = merged(interval.from, interval.to);
  total.compact();
  return total;
}

// A window's end moves every hour, so caches the parts of its day before and after it.
UsageSummary FeatureFacts::done_in_day(const SummaryCache::Held& known, Instant from,
                                       Instant to) const {
  const bool whole = to - from == std::chrono::days(1);
  UsageSummary sum;
  sum.dimensions.resize(shape_.dimensions.size());
  for_quarters(from, to, [&](Instant begin, Instant end) {
    const auto merge = [&] { return merged_done(begin, end, known.excluded); };
    if (!whole) {
      sum.merge(*known.ends.get(begin, end, merge));
    } else if (const auto quarter = known.ends.find(begin, end)) {
      sum.merge(*quarter);
    } else {
      sum.merge(merge());
    }
  });
  sum.compact();
  return sum;
}

std::shared_ptr<const UsageSummary> FeatureFacts::summary(const Interval& interval,
                                                          const IdSet& excluded) const {
  check_edges(interval, width_);
  const auto known = done_.of(excluded);
  return known->pieces.get(interval.from, interval.to, [&] {
    UsageSummary total;
    total.dimensions.resize(shape_.dimensions.size());
    for_days(interval.from, interval.to, [&](Instant from, Instant to) {
      const auto merge = [&] { return done_in_day(*known, from, to); };
      if (to - from == std::chrono::days(1)) {
        total.merge(*known->days.get(from, to, merge));
      } else {
        total.merge(merge());
      }
    });
    return total;
  });
}

FeatureCounters FeatureFacts::totals(const Interval& interval) const {
  check_edges(interval, width_);
  FeatureCounters total(shape_);
  for_days(interval.from, interval.to, [&](Instant from, Instant to) {
    total.merge(*totals_.get(from, to, [&] {
      Bucket day = merged(from, to);
      day.duration.round();
      day.size.round();
      return FeatureCounters(shape_, day);
    }));
  });
  return total;
}

IdSet FeatureFacts::users(const Interval& interval) const {
  check_edges(interval, width_);
  IdSet all;
  for_days(interval.from, interval.to, [&](Instant from, Instant to) {
    all |= *users_.get(from, to, [&] { return merged_users(from, to); });
  });
  return all;
}

std::optional<Instant> FeatureFacts::first_bucket() const {
  return buckets_.empty() ? std::nullopt : std::optional(buckets_.begin()->first);
}

std::size_t FeatureFacts::memory_bytes() const {
  std::size_t bytes = sizeof *this + done_.memory_bytes() + users_.memory_bytes();
  for (const auto& [start, bucket] : buckets_) {
    bytes += bucket.memory_bytes();
  }
  return bytes;
}

}  // namespace usage
