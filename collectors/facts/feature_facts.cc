#include "collectors/facts/feature_facts.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace usage {

namespace {

std::uint64_t rise_of(std::uint64_t before, std::uint64_t after) {
  return after > before ? after - before : 0;
}

void rise(std::vector<std::uint64_t>& counters, const std::vector<std::uint64_t>& before,
          const std::vector<std::uint64_t>& after) {
  for (std::size_t i = 0; i < counters.size(); ++i) {
    counters[i] += rise_of(before[i], after[i]);
  }
}

void rise(Distribution& counter, const Distribution& before, const Distribution& after) {
  rise(counter.counts, before.counts, after.counts);
  counter.sum += std::max(0.0, after.sum - before.sum);
}

std::uint64_t total_of(const std::map<std::uint32_t, Tally>& values, std::uint32_t value) {
  const auto found = values.find(value);
  return found == values.end() ? 0 : found->second.total();
}

std::uint64_t unattributed(const Bucket& bucket) {
  return bucket.uses.unattributed() + bucket.failures.unattributed();
}

void check_edges(const Interval& interval, Duration width) {
  if (interval.from.time_since_epoch() % width != Duration::zero() ||
      interval.to.time_since_epoch() % width != Duration::zero()) {
    throw std::logic_error("an interval of facts does not lie on bucket edges");
  }
}

}  // namespace

FeatureCounters::FeatureCounters(const FeatureShape& shape) {
  const Bucket empty(shape);
  failures_by_reason = empty.failures_by_reason;
  dimensions.resize(shape.dimensions.size());
  duration = empty.duration;
  size = empty.size;
}

void FeatureCounters::rise(const Bucket& before, const Bucket& after) {
  uses += rise_of(before.uses.total(), after.uses.total());
  failures += rise_of(before.failures.total(), after.failures.total());
  unattributed += rise_of(usage::unattributed(before), usage::unattributed(after));
  usage::rise(failures_by_reason, before.failures_by_reason, after.failures_by_reason);
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    for (const auto& [value, tally] : after.dimensions[i]) {
      const std::uint64_t more = rise_of(total_of(before.dimensions[i], value), tally.total());
      if (more > 0) {
        dimensions[i][value] += more;
      }
    }
  }
  usage::rise(duration, before.duration, after.duration);
  usage::rise(size, before.size, after.size);
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
  check_edges(interval, width_);
  const Bucket nothing(shape_);
  Change change;
  const auto count = [&](Instant start, const Bucket& before, const Bucket& after) {
    change.any = true;
    change.added += rise_of(before.uses.total(), after.uses.total()) +
                    rise_of(before.failures.total(), after.failures.total());
    change.removed += rise_of(after.uses.total(), before.uses.total()) +
                      rise_of(after.failures.total(), before.failures.total());
    counters_.rise(before, after);
    days_.drop(day_of(start));
    day_users_.drop(day_of(start));
  };
  for (auto old = buckets_.lower_bound(interval.from);
       old != buckets_.end() && old->first < interval.to;) {
    const auto found = fresh.find(old->first);
    if (found != fresh.end() && found->second.rows() > 0) {
      ++old;
      continue;
    }
    count(old->first, old->second, nothing);
    old = buckets_.erase(old);
  }
  for (auto& [start, bucket] : fresh) {
    if (start < interval.from || start >= interval.to || bucket_start(start) != start) {
      throw std::logic_error("a bucket of facts lies outside of what was read");
    }
    if (bucket.rows() == 0) {
      continue;
    }
    bucket.compact();
    const auto [place, is_new] = buckets_.try_emplace(start, nothing);
    if (place->second != bucket) {
      count(start, place->second, bucket);
      place->second = std::move(bucket);
    }
  }
  return change;
}

void FeatureFacts::restore(std::map<Instant, Bucket> buckets, FeatureCounters counters) {
  buckets_ = std::move(buckets);
  counters_ = std::move(counters);
  days_.clear();
  day_users_.clear();
}

void FeatureFacts::forget(UserId user) {
  for (auto& [start, bucket] : buckets_) {
    bucket.forget(user);
  }
  days_.clear();
  day_users_.clear();
}

Bucket FeatureFacts::sum(const Interval& interval) const {
  check_edges(interval, width_);
  Bucket total(shape_);
  const auto merge_part = [&](Bucket& to, Instant from, Instant end) {
    for (auto it = buckets_.lower_bound(from); it != buckets_.end() && it->first < end; ++it) {
      to.merge(it->second);
    }
  };
  for_days(
      interval.from, interval.to,
      [&](Instant day) {
        total.merge(*days_.get(day, [&] {
          Bucket whole(shape_);
          merge_part(whole, day, day + std::chrono::days(1));
          whole.compact();
          return whole;
        }));
      },
      [&](Instant from, Instant end) { merge_part(total, from, end); });
  return total;
}

UserSet FeatureFacts::users(const Interval& interval) const {
  check_edges(interval, width_);
  UserSet all;
  const auto merge_part = [&](UserSet& to, Instant from, Instant end) {
    for (auto it = buckets_.lower_bound(from); it != buckets_.end() && it->first < end; ++it) {
      to |= it->second.uses.users();
    }
  };
  for_days(
      interval.from, interval.to,
      [&](Instant day) {
        all |= *day_users_.get(day, [&] {
          UserSet whole;
          merge_part(whole, day, day + std::chrono::days(1));
          whole.compact();
          return whole;
        });
      },
      [&](Instant from, Instant end) { merge_part(all, from, end); });
  return all;
}

std::optional<Instant> FeatureFacts::first_bucket() const {
  return buckets_.empty() ? std::nullopt : std::optional(buckets_.begin()->first);
}

std::size_t FeatureFacts::memory_bytes() const {
  std::size_t bytes = sizeof *this + days_.memory_bytes() + day_users_.memory_bytes();
  for (const auto& [start, bucket] : buckets_) {
    bytes += bucket.memory_bytes();
  }
  return bytes;
}

}  // namespace usage
