#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "collectors/measures/families/measure.h"

namespace usage {

// Uses, failures and scopes by window.
std::span<const Measure> volume_measures();

// Most successful uses in one UTC hour of the window, without those of excluded users.
std::uint64_t busiest_hour(EvaluationContext& context, const std::string& feature,
                           const Interval& window, const IdSet& excluded);

}  // namespace usage
