#pragma once

#include <string>
#include <vector>

#include "exporter/base/diagnostics.h"
#include "exporter/exposition/metric.h"

namespace usage {

// Checks that every metric that alert and recording rules (YAML) and dashboards (JSON) ask for is
// one of `metrics`, a recording rule of one of the files, or Prometheus's own; others go to
// `problems`. `patterns` are globs. Returns the number of expressions. Throws Error(io) for a file
// that cannot be read and for a pattern that matches no file.
std::size_t check_rules(const std::vector<std::string>& patterns, const Metrics& metrics,
                        Problems& problems);

}  // namespace usage
