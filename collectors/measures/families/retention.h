#pragma once

#include <span>

#include "collectors/measures/families/measure.h"

namespace usage {

// Who comes back: week on week, and from one closed period to the next.
std::span<const Measure> retention_measures();

}  // namespace usage
