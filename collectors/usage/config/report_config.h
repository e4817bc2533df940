#pragma once

#include <vector>

#include "collectors/usage/config/usage_config.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

// The section "report". Everything else of `usage` has been read.
std::vector<ReportGroup> read_report(yaml::Mapping& mapping, const UsageConfig& usage,
                                     Problems& problems);

}  // namespace usage
