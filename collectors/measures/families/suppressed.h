#pragma once

#include <span>

#include "collectors/measures/families/measure.h"

namespace usage {

// What k-anonymity hid. Evaluate these last: they count what the others hid.
std::span<const Measure> suppression_measures();

}  // namespace usage
