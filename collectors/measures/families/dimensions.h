#pragma once

#include <span>

#include "collectors/measures/families/measure.h"

namespace usage {

// Uses and users by one dimension.
std::span<const Measure> dimension_measures();

}  // namespace usage
