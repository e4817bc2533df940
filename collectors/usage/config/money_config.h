#pragma once

#include "collectors/usage/config/usage_config.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

// The section "business". Features and population have been read.
void read_business(UsageConfig& usage, yaml::Mapping& outer, const Config& config,
                   Problems& problems);

}  // namespace usage
