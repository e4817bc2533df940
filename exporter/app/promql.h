#pragma once

#include <set>
#include <string>
#include <string_view>

namespace usage {

// The names of the metrics that a PromQL expression reads (Prometheus 2.x, "Querying basics").
// Selectors without a name, and texts that are not PromQL, give none.
std::set<std::string> metrics_of(std::string_view expression);

}  // namespace usage
