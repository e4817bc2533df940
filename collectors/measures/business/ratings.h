#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "collectors/measures/families/measure.h"

namespace usage {

// What people think of a feature.
std::span<const Measure> rating_measures();

struct Score {
  double sum = 0;  // from 0 to 10 each
  std::uint64_t ratings = 0;
};
// The latest ratings of the people who count; for a combination, those of its features. Nothing if
// there are fewer than RatingRules::min_count.
std::optional<Score> rating_score(EvaluationContext& context, const std::string& subject);

}  // namespace usage
