#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "exporter/base/clock.h"

namespace usage {

// What a read found: whole buckets as the facts take them, or slices of them. Only the names of
// users and values are in the facts yet.
template <typename Slice, typename Whole = Slice>
struct Found {
  std::map<Instant, Whole> buckets;
  std::map<Instant, Slice> slices;
  std::uint64_t rows = 0;
  std::optional<Instant> newest;
};

}  // namespace usage
