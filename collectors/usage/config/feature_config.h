#pragma once

#include <vector>

#include "collectors/usage/config/usage_config.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

// The key "where" of a table.
void read_where(TableConfig& table, yaml::Mapping& outer, Problems& problems);

// One entry of "features". Fills `rules` and adds the tables beside the feature's own to `records`.
FeatureConfig read_feature(const yaml::Node& key, const yaml::Node& value, const Config& config,
                           FeatureRules& rules, std::vector<FeatureConfig>& records,
                           Problems& problems);

}  // namespace usage
