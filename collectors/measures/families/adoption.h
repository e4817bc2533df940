#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "collectors/measures/families/measure.h"

namespace usage {

// Who uses a feature, tried it, uses it regularly, and how soon people begin.
std::span<const Measure> adoption_measures();

inline constexpr Duration kTriedSpan = std::chrono::days(28);

// People active in the last kTriedSpan with a success since the launch. Nothing before the launch.
// The subject is a feature or a combination.
std::optional<IdSet> tried(EvaluationContext& context, const std::string& subject);

// People active in the last regular_span() with a success in enough of its periods. Nothing before
// anybody can have had that many.
std::optional<IdSet> regular(EvaluationContext& context, const std::string& subject);
Duration regular_span(const EvaluationContext& context, const std::string& subject);

// Users with a first success soon enough / users who had the time for one.
Share activation_share(EvaluationContext& context, const std::string& feature);

}  // namespace usage
