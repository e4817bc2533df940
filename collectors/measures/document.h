#pragma once

#include <string>

#include "exporter/metric.h"

namespace usage {

// docs/METRICS.md: every row of the table, how the reading goes, and the exporter's own series, so
// that the page says what the program does.
std::string metrics_document(const Metrics& reading, const Metrics& own);

}  // namespace usage
