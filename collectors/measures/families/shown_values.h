#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "collectors/measures/context/evaluation_context.h"

namespace usage {

// The values of a dimension that have a series of their own. All else, NULL too, is kOther.
struct ShownValues {
  std::vector<std::string> labels;
  std::map<std::uint32_t, std::size_t> places;  // value → index in labels
  bool fixed = true;                            // by config, not by rank
  // labels.size() for kOther.
  std::size_t place(std::uint32_t value) const;
};

// By `allow`, or the `allow_top` values with most users in the 28 d that end with the last local
// day; equal ones by name.
const ShownValues& shown_values(EvaluationContext& context, const std::string& feature,
                                std::size_t dimension);

}  // namespace usage
