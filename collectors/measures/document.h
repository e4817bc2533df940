#pragma once

#include <span>
#include <string>
#include <string_view>

#include "exporter/exposition/metric.h"

namespace usage {

// docs/METRICS.md: every row of the table, how the reading goes, and the exporter's own series, so
// that the page says what the program does.
std::string metrics_document(const Metrics& reading, const Metrics& own);

// What holds for all numbers of features: sentences in Markdown, of which they use `**` and "`".
std::span<const std::string_view> conventions();

}  // namespace usage
