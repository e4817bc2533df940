#pragma once

#include <span>
#include <string_view>

#include "exporter/exposition/metric.h"

namespace usage {

// Series that Prometheus writes itself: for every scrape, and for alerts.
std::span<const std::string_view> prometheus_series();

// Why a config may not name a family so, as a clause without a full stop; empty if it may. The one
// list of names that nothing in the process need publish to own them.
std::string_view why_reserved(const MetricFamily& family);

}  // namespace usage
