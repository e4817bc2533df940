#pragma once

#include <span>

#include "collectors/measures/families/measure.h"

namespace usage {

// Whether clients and logs report all of a feature: attempts that never ended, failures that can
// only be estimated, and what other sources saw of the same uses.
std::span<const Measure> tracking_measures();

}  // namespace usage
