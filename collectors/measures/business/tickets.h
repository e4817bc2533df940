#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "collectors/measures/families/measure.h"

namespace usage {

// Support tickets against their baseline before the launch, and messages of feedback.
std::span<const Measure> ticket_measures();

// An empty category means all that are watched.
std::optional<double> ticket_baseline_per_week(EvaluationContext& context,
                                               const std::string& category);
std::optional<double> ticket_reduction(EvaluationContext& context, const std::string& category);
std::uint64_t watched_tickets(EvaluationContext& context, const Interval& interval);

}  // namespace usage
