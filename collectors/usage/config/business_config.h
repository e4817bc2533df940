#pragma once

#include <string>
#include <vector>

#include "collectors/usage/config/usage_config.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

// The key "artifact" of a feature; adds the tables it needs to `records`.
void read_artifact(std::vector<FeatureConfig>& records, const FeatureConfig& feature,
                   FeatureRules& rules, yaml::Mapping& outer, const Config& config,
                   Problems& problems);

// The key "value" of a feature.
void read_value(FeatureRules& rules, const FeatureConfig& feature, yaml::Mapping& outer,
                Problems& problems);

// A table of rows with a time and, if it says so, a user.
FeatureConfig read_record(yaml::Mapping& mapping, const yaml::Node& node, const std::string& name,
                          const Config& config, Problems& problems);

void read_capacities(UsageConfig& usage, yaml::Mapping& outer, Problems& problems);

}  // namespace usage
