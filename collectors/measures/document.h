#pragma once

#include <string>

namespace usage {

// docs/METRICS.md: every row of the table, so that the page says what the program does.
std::string metrics_document();

}  // namespace usage
