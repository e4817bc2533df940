#pragma once

#include <optional>
#include <span>

#include "collectors/measures/families/measure.h"

namespace usage {

// Time saved, money earned and money invested.
std::span<const Measure> value_measures();

// Value since the launch / what was invested until now.
std::optional<double> payback(EvaluationContext& context);

}  // namespace usage
