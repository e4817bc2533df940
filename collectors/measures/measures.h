#pragma once

#include <span>
#include <string_view>

#include "collectors/measures/families/measure.h"

namespace usage {

// Every measure, in the order of the page.
std::span<const Measure> measures();

// True if the measure needs more than the rows of features: artifacts, ratings, tickets, accounts,
// money or another source's rows.
bool needs_auxiliary_tables(std::string_view measure);

}  // namespace usage
