#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/facts/facts.h"

namespace usage::testing {

// Small random numbers, the same on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t below(std::uint64_t end) { return next() % end; }
  bool chance(std::uint64_t percent) { return below(100) < percent; }

 private:
  std::uint64_t next() {  // splitmix64
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

// A fact that owns its texts.
struct Row {
  Instant time = {};
  std::optional<std::string> user = {};
  bool success = true;
  std::string reason = {};
  std::vector<std::string> dimensions = {};
  std::optional<std::string> scope = {};
  std::optional<double> duration = {}, size = {};
  bool operator==(const Row&) const = default;
};

inline FeatureShape full_shape() {
  FeatureShape shape;
  shape.name = "export";
  shape.reasons = {"timeout", "quota"};
  shape.dimensions = {"format", "type"};
  shape.has_users = shape.has_outcome = shape.has_scope = true;
  shape.duration_bounds = {1, 5, 10};
  shape.size_bounds = {1000};
  return shape;
}

// Durations and sizes are whole, so that their sums are exact in any order.
inline Row random_row(Dice& dice, Instant from, std::uint64_t minutes, std::uint64_t people = 30) {
  Row row;
  row.time = from + std::chrono::minutes(dice.below(minutes));
  if (!dice.chance(10)) row.user = "user-" + std::to_string(dice.below(people));
  row.success = !dice.chance(20);
  if (!row.success && dice.chance(80)) {
    row.reason = std::vector<std::string>{"timeout", "quota", "novel"}[dice.below(3)];
  }
  row.dimensions = {std::vector<std::string>{"csv", "png", ""}[dice.below(3)],
                    "type-" + std::to_string(dice.below(4))};
  if (dice.chance(70)) row.scope = "scope-" + std::to_string(dice.below(5));
  if (dice.chance(70)) row.duration = static_cast<double>(dice.below(20));
  if (dice.chance(70)) row.size = static_cast<double>(dice.below(3000));
  return row;
}

inline void add(Bucket& bucket, const Row& row, const FeatureShape& shape, IdMap& users,
                FeatureNames& names) {
  const std::vector<std::string_view> dimensions(row.dimensions.begin(), row.dimensions.end());
  Fact fact;
  fact.time = row.time;
  if (row.user) fact.user = *row.user;
  fact.success = row.success;
  fact.reason = row.reason;
  fact.dimensions = dimensions;
  if (row.scope) fact.scope = *row.scope;
  fact.duration_seconds = row.duration;
  fact.size_bytes = row.size;
  bucket.add(fact, shape, users, names);
}

// What a reader makes of the rows of an interval.
inline std::map<Instant, Bucket> buckets_of(const std::vector<Row>& rows, const Interval& interval,
                                            FeatureFacts& facts, IdMap& users) {
  std::map<Instant, Bucket> buckets;
  for (const Row& row : rows) {
    if (row.time < interval.from || row.time >= interval.to) continue;
    Bucket& bucket = buckets.try_emplace(facts.bucket_start(row.time), facts.shape()).first->second;
    add(bucket, row, facts.shape(), users, facts.names());
  }
  return buckets;
}

}  // namespace usage::testing
