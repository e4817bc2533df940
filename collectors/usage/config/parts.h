#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/usage/config/usage_config.h"

// What usage_config.cc is made of; else only explain.cc includes this.
namespace usage {

// The source named by `key`, or the only one there is; empty after a report.
std::string read_source_name(yaml::Mapping& mapping, const Config& config);

// The name of a column or table, or empty.
std::string read_name(yaml::Mapping& mapping, std::string_view key);

std::optional<TimeFormat> read_time_format(yaml::Mapping& mapping, const Config& config,
                                           const std::string& source);

// What is read: "table" and "time", or of a source that tells events "event". With `outcome`, that
// may be a mapping that says what the events mean. `table` knows its source.
void read_rows(TableConfig& table, std::optional<OutcomeConfig>* outcome, yaml::Mapping& mapping,
               const Config& config, Problems& problems);
// For what is only read from tables.
void refuse_events(yaml::Mapping& mapping, const Config& config, const std::string& source);

std::optional<OutcomeConfig> read_outcome(yaml::Mapping& feature, Problems& problems);
// "attempts" of a feature whose rows and outcome are known.
void read_attempts(FeatureConfig& feature, FeatureRules& rules, yaml::Mapping& outer,
                   std::vector<FeatureConfig>& records, Problems& problems);
void read_cross_checks(const FeatureConfig& feature, FeatureRules& rules, yaml::Mapping& outer,
                       std::vector<FeatureConfig>& records, const Config& config,
                       Problems& problems);

// A list of texts under `key`, each once, or one text.
std::vector<std::string> read_values(yaml::Mapping& mapping, std::string_view key,
                                     Problems& problems);

// The key "where" of a table.
void read_where(TableConfig& table, yaml::Mapping& outer, Problems& problems);

// `rules` gets the feature's, `records` what it makes.
FeatureConfig read_feature(const yaml::Node& key, const yaml::Node& value, const Config& config,
                           FeatureRules& rules, std::vector<FeatureConfig>& records,
                           Problems& problems);
void read_artifact(std::vector<FeatureConfig>& records, const FeatureConfig& feature,
                   FeatureRules& rules, yaml::Mapping& outer, const Config& config,
                   Problems& problems);
void read_value(FeatureRules& rules, const FeatureConfig& feature, yaml::Mapping& outer,
                Problems& problems);

std::optional<Instant> read_time(yaml::Mapping& mapping, std::string_view key);

// A table of rows with a time and, if it says so, a user.
FeatureConfig read_record(yaml::Mapping& mapping, const yaml::Node& node, const std::string& name,
                          const Config& config, Problems& problems);
// Features and population have been read.
void read_business(UsageConfig& usage, yaml::Mapping& outer, const Config& config,
                   Problems& problems);
void read_capacities(UsageConfig& usage, yaml::Mapping& outer, Problems& problems);

// The window that a text names; nullopt when it names none.
std::optional<Window> window_of(const std::string& text, Duration bucket);

std::vector<Window> read_windows(yaml::Mapping& mapping, Duration bucket, Problems& problems);
std::vector<Phase> read_phases(yaml::Mapping& mapping, Problems& problems);
// Everything else of `usage` has been read.
std::vector<Target> read_targets(yaml::Mapping& mapping, const UsageConfig& usage,
                                 Problems& problems);
std::vector<ReportGroup> read_report(yaml::Mapping& mapping, const UsageConfig& usage,
                                     Problems& problems);
std::vector<RefreshTier> read_recount(yaml::Mapping& mapping, Problems& problems);

}  // namespace usage
