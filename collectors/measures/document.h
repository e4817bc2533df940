#pragma once

#include <span>
#include <string>
#include <string_view>

#include "exporter/exposition/metric.h"

namespace usage {

// Returns docs/METRICS.md: every measure, the families that tell how reading goes, and the
// exporter's own.
std::string metrics_document(const Metrics& reading, const Metrics& own);

// What holds for all numbers of features, a paragraph each. Markdown, with no markup but `**` and
// backticks.
std::span<const std::string_view> conventions();

}  // namespace usage
