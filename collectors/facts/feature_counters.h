#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/facts/bucket.h"

namespace usage {

inline std::uint64_t rise_of(std::uint64_t before, std::uint64_t after) {
  return after > before ? after - before : 0;
}

// Everything that a feature has counted so far. Only rises: see FeatureFacts::replace().
struct FeatureCounters {
  std::uint64_t uses = 0, failures = 0;
  std::uint64_t unattributed = 0;                 // uses and failures without a user
  std::vector<std::uint64_t> failures_by_reason;  // as in Bucket
  std::vector<std::map<std::uint32_t, std::uint64_t>> dimensions;  // per dimension: value → uses
  Distribution duration, size;

  explicit FeatureCounters(const FeatureShape& shape = {});
  FeatureCounters(const FeatureShape& shape, const Bucket& bucket);  // counts the bucket
  // Adds to each member what `after` has more than `before`. An updated row is counted where it
  // appears and not subtracted where it was. Sums of observations rise by their difference if that
  // is positive.
  void rise(const FeatureCounters& before, const FeatureCounters& after);
  void merge(const FeatureCounters& other);
  std::string serialize() const;
  static FeatureCounters parse(std::string_view bytes, const FeatureShape& shape);  // Error(data)
  bool operator==(const FeatureCounters&) const = default;
};

}  // namespace usage
