#pragma once

#include <span>

#include "collectors/measures/families/measure.h"

namespace usage {

// How much of each configured resource is used.
std::span<const Measure> capacity_measures();

}  // namespace usage
