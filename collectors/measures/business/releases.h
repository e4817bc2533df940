#pragma once

#include <span>

#include "collectors/measures/families/measure.h"

namespace usage {

// When versions were released, as configured.
std::span<const Measure> release_measures();

}  // namespace usage
