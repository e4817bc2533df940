#pragma once

#include <span>

#include "collectors/measures/families/measure.h"

namespace usage {

// Windows, time zone, excluded users, titles and launches.
std::span<const Measure> info_measures();

}  // namespace usage
