#pragma once

#include <optional>
#include <span>
#include <string>

#include "collectors/measures/families/measure.h"

namespace usage {

// What features make for others to open (links): how much, by whom it is opened, how long it lives.
std::span<const Measure> artifact_measures();

// Artifacts that matured in the window and were opened before / that matured in the window. Nothing
// if the feature has no accesses.
std::optional<Share> access_share(EvaluationContext& context, const std::string& feature,
                                  const Interval& window);

}  // namespace usage
