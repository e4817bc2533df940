#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "collectors/measures/context/evaluation_context.h"

namespace usage {

// The values of a dimension with a series of their own. All others, NULL too, are kOther.
struct ShownValues {
  std::vector<std::string> labels;
  std::map<std::uint32_t, std::size_t> places;  // value → index in labels
  bool fixed = true;                            // chosen by config, not by rank
  // Index in labels, or labels.size() for kOther.
  std::size_t place(std::uint32_t value) const;
};

// The values of `allow`, or the `allow_top` values with most users in EvaluationContext::ranking();
// ties are ordered by name.
const ShownValues& shown_values(EvaluationContext& context, const std::string& feature,
                                std::size_t dimension);

}  // namespace usage
