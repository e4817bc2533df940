#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/usage_config.h"

// What usage_config.cc is made of; else only usage_explain.cc includes this.
namespace usage {

// The source named by `key`, or the only one there is; empty after a report.
std::string read_source_name(yaml::Mapping& mapping, const Config& config);

// The name of a column or table, or empty.
std::string read_name(yaml::Mapping& mapping, std::string_view key);

std::optional<TimeFormat> read_time_format(yaml::Mapping& mapping, const Config& config,
                                           const std::string& source);

// A list of texts under `key`, each once, or one text.
std::vector<std::string> read_values(yaml::Mapping& mapping, std::string_view key,
                                     Problems& problems);

// The key "where" of a table.
void read_where(TableConfig& table, yaml::Mapping& outer, Problems& problems);

// `rules` gets the feature's.
FeatureConfig read_feature(const yaml::Node& key, const yaml::Node& value, const Config& config,
                           FeatureRules& rules, Problems& problems);

// The window that a text names; nullopt when it names none.
std::optional<Window> window_of(const std::string& text, Duration bucket);

std::vector<Window> read_windows(yaml::Mapping& mapping, Duration bucket, Problems& problems);
std::vector<Phase> read_phases(yaml::Mapping& mapping, Problems& problems);
// Everything else of `usage` has been read.
std::vector<Target> read_targets(yaml::Mapping& mapping, const UsageConfig& usage,
                                 Problems& problems);
std::vector<Rung> read_recount(yaml::Mapping& mapping, Problems& problems);

}  // namespace usage
