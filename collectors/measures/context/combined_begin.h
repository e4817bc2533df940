#pragma once

#include <functional>
#include <optional>
#include <string>

#include "collectors/measures/context/usage_rules.h"

namespace usage {

// When a combination can first have been used: when any of its features, or all of them, could.
// Nothing if that is unknown. `begin_of` tells the same of a feature.
std::optional<Instant> combined_begin(
    const Combination& combination,
    const std::function<std::optional<Instant>(const std::string& feature)>& begin_of);

}  // namespace usage
