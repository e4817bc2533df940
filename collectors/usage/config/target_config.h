#pragma once

#include <vector>

#include "collectors/usage/config/usage_config.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

std::vector<Phase> read_phases(yaml::Mapping& mapping, Problems& problems);

// Everything else of `usage`, but for the report, has been read.
std::vector<Target> read_targets(yaml::Mapping& mapping, const UsageConfig& usage,
                                 Problems& problems);

}  // namespace usage
