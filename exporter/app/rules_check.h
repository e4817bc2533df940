#pragma once

#include <string>
#include <vector>

#include "exporter/base/diagnostics.h"
#include "exporter/exposition/metric.h"

namespace usage {

// Whether every metric that alert and recording rules (YAML) and dashboards (JSON) ask for is one
// of `metrics`, a recording rule of one of the files, or Prometheus's own. `patterns` are globs.
// What is not goes to `problems`; the number of expressions that were looked at. Error(io) for a
// file that cannot be read or a pattern that matches none.
std::size_t check_rules(const std::vector<std::string>& patterns, const Metrics& metrics,
                        Problems& problems);

}  // namespace usage
