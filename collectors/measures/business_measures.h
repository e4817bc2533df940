#pragma once

#include <vector>

#include "collectors/measures/measures.h"

namespace usage {

// The rows of the table in measures.cc that business.h declares.
std::vector<Measure> business_measures();

}  // namespace usage
