#pragma once

#include <string>

#include "collectors/sql/config.h"

namespace usage {

// Reads one metric of the collector's `metrics`; `sql` has the collector's queries and limits.
// Mistakes go to `problems`; the result is usable only if there are none.
SqlMetric read_sql_metric(const std::string& name, const yaml::Node& node, const SqlConfig& sql,
                          Problems& problems);

}  // namespace usage
