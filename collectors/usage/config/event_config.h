#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collectors/usage/config/usage_config.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

// Reads which rows count: "table" and "time", or "event" of a source that tells events. With
// `outcome`, "event" may be a mapping that says what the events mean. `table` knows its source.
void read_rows(TableConfig& table, std::optional<OutcomeConfig>* outcome, yaml::Mapping& mapping,
               const Config& config, Problems& problems);

// Reports a source that tells events, for a section that only tables can have.
void refuse_events(yaml::Mapping& mapping, const Config& config, const std::string& source);

std::optional<OutcomeConfig> read_outcome(yaml::Mapping& feature, Problems& problems);

// Reads "attempts" of a feature whose rows and outcome are known; adds what it makes to `records`.
void read_attempts(FeatureConfig& feature, FeatureRules& rules, yaml::Mapping& outer,
                   std::vector<FeatureConfig>& records, Problems& problems);

void read_cross_checks(const FeatureConfig& feature, FeatureRules& rules, yaml::Mapping& outer,
                       std::vector<FeatureConfig>& records, const Config& config,
                       Problems& problems);

}  // namespace usage
