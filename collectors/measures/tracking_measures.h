#pragma once

#include <vector>

#include "collectors/measures/measures.h"

namespace usage {

// Whether what clients and logs tell of a feature is whole: attempts that never ended, failures
// that can only be estimated, and what other sources saw of the same uses. The rules say what there
// is.
std::vector<Measure> tracking_measures();

}  // namespace usage
