#pragma once

#include <optional>
#include <span>
#include <string>

#include "collectors/measures/families/measure.h"

namespace usage {

// Teams and pairs of user and report type with a use in most of the last weeks.
std::span<const Measure> habit_measures();

// Teams with a habit / active teams. Nothing if nobody has a team.
std::optional<Share> habitual_share(EvaluationContext& context, const std::string& subject);

}  // namespace usage
