#pragma once

#include <span>

#include "collectors/measures/families/measure.h"

namespace usage {

// The series of targets and phases.
std::span<const Measure> target_series_measures();

}  // namespace usage
