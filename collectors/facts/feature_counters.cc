#include "collectors/facts/feature_counters.h"

#include <algorithm>

#include "collectors/facts/codec.h"

namespace usage {

namespace {

void rise_by(std::vector<std::uint64_t>& counters, const std::vector<std::uint64_t>& before,
             const std::vector<std::uint64_t>& after) {
  for (std::size_t i = 0; i < counters.size(); ++i) {
    counters[i] += rise_of(before[i], after[i]);
  }
}

void rise_by(Distribution& counter, const Distribution& before, const Distribution& after) {
  rise_by(counter.counts, before.counts, after.counts);
  counter.sum += std::max(0.0, after.sum - before.sum);
}

}  // namespace

FeatureCounters::FeatureCounters(const FeatureShape& shape)
    : FeatureCounters(shape, Bucket(shape)) {}

FeatureCounters::FeatureCounters(const FeatureShape& shape, const Bucket& bucket)
    : uses(bucket.uses.total()),
      failures(bucket.failures.total()),
      unattributed(bucket.uses.unattributed() + bucket.failures.unattributed()),
      failures_by_reason(bucket.failures_by_reason),
      dimensions(shape.dimensions.size()),
      duration(bucket.duration),
      size(bucket.size) {
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    for (const auto& [value, tally] : bucket.dimensions[i]) {
      if (!tally.empty()) {
        dimensions[i][value] = tally.total();
      }
    }
  }
}

void FeatureCounters::rise(const FeatureCounters& before, const FeatureCounters& after) {
  uses += rise_of(before.uses, after.uses);
  failures += rise_of(before.failures, after.failures);
  unattributed += rise_of(before.unattributed, after.unattributed);
  rise_by(failures_by_reason, before.failures_by_reason, after.failures_by_reason);
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    for (const auto& [value, count] : after.dimensions[i]) {
      const auto known = before.dimensions[i].find(value);
      const std::uint64_t more =
          rise_of(known == before.dimensions[i].end() ? 0 : known->second, count);
      if (more > 0) {
        dimensions[i][value] += more;
      }
    }
  }
  rise_by(duration, before.duration, after.duration);
  rise_by(size, before.size, after.size);
}

void FeatureCounters::merge(const FeatureCounters& other) {
  uses += other.uses;
  failures += other.failures;
  unattributed += other.unattributed;
  for (std::size_t i = 0; i < failures_by_reason.size(); ++i) {
    failures_by_reason[i] += other.failures_by_reason[i];
  }
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    for (const auto& [value, count] : other.dimensions[i]) {
      dimensions[i][value] += count;
    }
  }
  duration.merge(other.duration);
  size.merge(other.size);
}

std::string FeatureCounters::serialize() const {
  std::string out;
  codec::put_numbers(out, {uses, failures, unattributed});
  codec::put_numbers(out, failures_by_reason);
  for (const auto& values : dimensions) {
    codec::put_number(out, values.size());
    for (const auto& [value, count] : values) {
      codec::put_numbers(out, {value, count});
    }
  }
  duration.serialize(out);
  size.serialize(out);
  return out;
}

FeatureCounters FeatureCounters::parse(std::string_view bytes, const FeatureShape& shape) {
  FeatureCounters counters(shape);
  counters.uses = codec::take_number(bytes);
  counters.failures = codec::take_number(bytes);
  counters.unattributed = codec::take_number(bytes);
  codec::take_numbers(bytes, counters.failures_by_reason);
  for (auto& values : counters.dimensions) {
    for (std::uint64_t left = codec::take_number(bytes); left > 0; --left) {
      const std::uint64_t value = codec::take_number(bytes);
      if (value >= FeatureNames::kMaxValues && value != FeatureNames::kOverflow) {
        codec::damaged();
      }
      values[static_cast<std::uint32_t>(value)] = codec::take_number(bytes);
    }
  }
  counters.duration.take(bytes);
  counters.size.take(bytes);
  if (!bytes.empty()) {
    codec::damaged();
  }
  return counters;
}

}  // namespace usage
