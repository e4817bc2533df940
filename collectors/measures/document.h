#pragma once

#include <span>
#include <string>
#include <string_view>

#include "exporter/exposition/registry.h"

namespace usage {

// docs/METRICS.md: every row of the table, the families that say how the reading goes, and those of
// each of the exporter's own providers.
std::string metrics_document(const Metrics& reading, const Registry& own);

// What holds for all numbers of features, a paragraph each. Markdown, with no markup but `**` and
// backticks.
std::span<const std::string_view> conventions();

}  // namespace usage
