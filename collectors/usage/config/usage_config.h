#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collectors/measures/context/usage_rules.h"
#include "collectors/usage/config/table_config.h"
#include "exporter/base/diagnostics.h"
#include "exporter/config/config.h"

namespace usage {

// The length of the slices in which young buckets are read if the first tier is shorter than a
// bucket.
inline constexpr Duration kSlice = std::chrono::minutes(5);

// Buckets younger than `younger_than` are read again at this pace; the last tier has no limit.
struct RefreshTier {
  std::optional<Duration> younger_than;
  Duration every{};
  bool operator==(const RefreshTier&) const = default;
};

// A number of the weekly report under a name that the config gives.
struct ReportKey {
  std::string key;
  std::string subject;    // a feature or a combination; empty: the product
  std::string figure;     // one of product_figure_keys() or its like; or empty, then:
  std::string most_used;  // the dimension whose most used value to report
};
struct ReportGroup {
  std::string name;
  std::vector<ReportKey> keys;
};

// Everything that the config says about features.
struct UsageConfig {
  std::vector<FeatureConfig> features;          // shape.name is the feature's; in file order
  std::vector<FeatureConfig> auxiliary_tables;  // see Facts::auxiliary_tables
  std::optional<UsersConfig> users;
  std::vector<TableConfig> activity;  // all of one source
  UsageRules rules;
  std::vector<ReportGroup> report;
  std::vector<RefreshTier> recount;  // youngest first
  Duration refresh = std::chrono::minutes(1);
  Duration stale_after = std::chrono::minutes(5);
  Duration history = std::chrono::days(400);
  Duration bucket = std::chrono::hours(1);

  std::vector<std::string> sources;  // those that are read: that of the users, then as in Config
  std::string global_source;         // its job publishes what belongs to no single feature
  std::map<std::string, SourceConfig> source_configs;  // by name; those of `sources`

  const FeatureConfig& feature(const std::string& name) const;  // exists
  std::vector<const FeatureConfig*> tables() const;             // features and auxiliary tables
};

// The events of a source that are read: names, each with the dotted paths of the fields to read.
// Nothing else need be kept.
using EventFilter = std::map<std::string, std::set<std::string>>;
EventFilter event_filter(const UsageConfig& config, const std::string& source);

// Reads Config::usage. Adds everything that is wrong to `problems`; the result is usable only if
// there are none. Connects to nothing.
UsageConfig read_usage_config(const Config& config, Problems& problems);

}  // namespace usage
