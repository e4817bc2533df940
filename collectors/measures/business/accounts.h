#pragma once

#include <optional>
#include <span>

#include "collectors/measures/families/measure.h"

namespace usage {

// Accounts that stay active from one period to the next.
std::span<const Measure> account_measures();

// When anybody was first active, in the product or in a feature.
std::optional<Instant> first_activity(const Facts& facts);

// account_retention less its baseline: the mean of the periods before the launch.
std::optional<double> account_retention_gain(EvaluationContext& context);

}  // namespace usage
