#include "collectors/usage/config/usage_config.h"

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

#include "collectors/usage/config/business_config.h"
#include "collectors/usage/config/common_keys.h"
#include "collectors/usage/config/event_config.h"
#include "collectors/usage/config/feature_config.h"
#include "collectors/usage/config/money_config.h"
#include "collectors/usage/config/report_config.h"
#include "collectors/usage/config/target_config.h"
#include "collectors/usage/config/windows_config.h"
#include "exporter/base/format.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

// The widest bucket whose edges are also those of every local day.
Duration bucket_of(const TimeZone& zone) {
  Duration width = hours(1);
  for (int half_year = 0; half_year < 36; ++half_year) {
    const Instant at =
        Instant(std::chrono::sys_days(std::chrono::year(2020) / 1 / 1)) + days(182) * half_year;
    const unsigned minute = zone.local(at).minute;
    width = std::min<Duration>(width, minute % 30 != 0 ? minutes(15)
                                      : minute != 0    ? minutes(30)
                                                       : hours(1));
  }
  return width;
}

Duration read_bucket(yaml::Mapping& mapping, const TimeZone& zone) {
  constexpr std::array<Duration, 3> kWidths{hours(1), minutes(30), minutes(15)};
  const Duration widest = bucket_of(zone);
  const auto choice = mapping.choice("bucket", {"1h", "30m", "15m"});
  if (choice && kWidths[*choice] > widest) {
    mapping.problem(
        "bucket",
        fmt::format("buckets of {} do not fit the days of {}; use {} or leave "
                    "\"bucket\" out",
                    format_duration(kWidths[*choice]), zone.name(), format_duration(widest)));
  }
  return choice ? kWidths[*choice] : widest;
}

UsersConfig::Condition read_condition(yaml::Mapping& outer, std::string_view key,
                                      Problems& problems) {
  UsersConfig::Condition condition;
  const yaml::Node* node = outer.find(key);
  if (node == nullptr) {
    return condition;
  }
  yaml::Mapping mapping(*node, fmt::format("\"{}\" of {}", key, outer.what()), problems);
  condition.column = mapping.require_string("column");
  if (node->is_mapping() && mapping.has("equals") == mapping.has("in")) {
    mapping.problem("in", fmt::format("{} needs either \"equals\" (a value) or \"in\" (a list of "
                                      "values)",
                                      mapping.what()));
  }
  condition.values = read_values(mapping, mapping.has("in") ? "in" : "equals", problems);
  mapping.finish();
  return condition;
}

UsersConfig read_users(const yaml::Node& node, const Config& config, Problems& problems) {
  UsersConfig users;
  yaml::Mapping mapping(node, "\"users\" of \"population\"", problems);
  if (node.is_mapping()) {
    users.source = read_source_name(mapping, config);
    users.table = mapping.require_string("table");
    users.id = mapping.require_string("id");
  }
  users.created_at = read_name(mapping, "created_at");
  users.deleted_at = read_name(mapping, "deleted_at");
  users.team = read_name(mapping, "team");
  users.account = read_name(mapping, "account");
  users.time_format = read_time_format(mapping, config, users.source);
  users.exclude = read_condition(mapping, "exclude", problems);
  users.eligible = read_condition(mapping, "eligible", problems);
  mapping.finish();
  return users;
}

void read_activity(UsageConfig& usage, const yaml::Node& list, const Config& config,
                   Problems& problems) {
  if (list.kind != yaml::Node::Kind::sequence) {
    problems.add(list.position,
                 "\"activity\" of \"population\" must be a list of tables, each with \"table\", "
                 "\"user\" and \"time\"");
    return;
  }
  for (const yaml::Node& item : list.items) {
    yaml::Mapping mapping(item, "an item of \"activity\"", problems);
    TableConfig table;
    if (item.is_mapping()) {
      table.source = read_source_name(mapping, config);
      read_rows(table, nullptr, mapping, config, problems);
      if (table.user.empty()) {
        mapping.require("user");
      }
    }
    read_where(table, mapping, problems);
    mapping.finish();
    if (!usage.activity.empty() && usage.activity.front().source != table.source) {
      mapping.problem("source", fmt::format("all tables of \"activity\" must be on one source; the "
                                            "first is on \"{}\"",
                                            usage.activity.front().source));
    }
    usage.activity.push_back(std::move(table));
  }
}

void read_population(UsageConfig& usage, yaml::Mapping& outer, const Config& config,
                     Problems& problems) {
  const yaml::Node* node = outer.find("population");
  if (node == nullptr) {
    return;
  }
  yaml::Mapping mapping(*node, "\"population\"", problems);
  if (const yaml::Node* users = mapping.find("users")) {
    usage.users = read_users(*users, config, problems);
  }
  if (const yaml::Node* activity = mapping.find("activity")) {
    read_activity(usage, *activity, config, problems);
  }
  mapping.finish();
}

// Reads the names of at least two features with users.
std::vector<std::string> read_members(yaml::Mapping& mapping, std::string_view key,
                                      const UsageConfig& usage, Problems& problems) {
  std::vector<std::string> known;
  for (const FeatureConfig& feature : usage.features) {
    known.push_back(feature.shape.name);
  }
  const yaml::Node* list = mapping.find(key);
  if (list->kind != yaml::Node::Kind::sequence || list->items.size() < 2) {
    mapping.problem(key, fmt::format("\"{}\" in {} must be a list of at least two features", key,
                                     mapping.what()));
    return {};
  }
  std::vector<std::string> members;
  for (const yaml::Node& item : list->items) {
    const auto name = yaml::as_string(item, fmt::format("an item of \"{}\"", key), problems);
    const auto feature = std::find(known.begin(), known.end(), item.text);
    if (!name) {
      continue;
    }
    if (feature == known.end()) {
      problems.add(item.position,
                   fmt::format("{} names the feature {}, which is not defined{}", mapping.what(),
                               yaml::quoted(item), did_you_mean(item.text, known)));
    } else if (std::find(members.begin(), members.end(), *name) != members.end()) {
      problems.add(item.position, fmt::format("{} names the feature {} twice", mapping.what(),
                                              yaml::quoted(item)));
    } else if (!usage.feature(*name).shape.has_users) {
      problems.add(item.position,
                   fmt::format("{} counts people, and feature {} does not say who they "
                               "are; give it a \"user\"",
                               mapping.what(), yaml::quoted(item)));
    } else {
      members.push_back(*name);
    }
  }
  return members;
}

void read_combinations(UsageConfig& usage, yaml::Mapping& outer, Problems& problems) {
  for (const auto& [key, value] : outer.entries("combinations")) {
    yaml::Mapping mapping(value, fmt::format("combination {}", yaml::quoted(key)), problems);
    const bool all = mapping.has("all_of");
    if (usage.rules.features.contains(key.text)) {
      problems.add(key.position,
                   fmt::format("{} is a feature already; name the combination otherwise",
                               yaml::quoted(key)));
    }
    if (value.is_mapping() && all == mapping.has("any_of")) {
      mapping.problem("any_of", fmt::format("{} needs either \"all_of\" or \"any_of\", a list of "
                                            "features",
                                            mapping.what()));
    } else if (value.is_mapping()) {
      usage.rules.combinations.push_back(
          {key.text, all, read_members(mapping, all ? "all_of" : "any_of", usage, problems)});
    }
    mapping.finish();
  }
}

void read_privacy(UsageRules& rules, yaml::Mapping& outer, Problems& problems) {
  const yaml::Node* node = outer.find("privacy");
  if (node == nullptr) {
    return;
  }
  yaml::Mapping mapping(*node, "\"privacy\"", problems);
  if (const auto k = mapping.integer("k_anonymity", 1, 1000)) {
    rules.k_anonymity = static_cast<std::uint64_t>(*k);
  }
  if (const auto series = mapping.integer("max_series", 1, 1'000'000)) {
    rules.max_series = static_cast<std::size_t>(*series);
  }
  mapping.finish();
}

void read_features(UsageConfig& usage, yaml::Mapping& mapping, const Config& config,
                   Problems& problems) {
  const auto features = mapping.entries("features");
  if (features.empty()) {
    for (const yaml::Entry& entry : config.usage.entries) {
      problems.add(
          entry.key.position,
          fmt::format("\"{}\" is about \"features\", and none are defined", entry.key.text));
    }
  }
  for (const auto& [key, value] : features) {
    FeatureRules rules;
    usage.features.push_back(
        read_feature(key, value, config, rules, usage.auxiliary_tables, problems));
    usage.rules.features.emplace(key.text, std::move(rules));
  }
}

// Fills UsageConfig::sources and global_source.
void find_sources(UsageConfig& usage, const Config& config) {
  std::set<std::string> read;
  for (const FeatureConfig* table : usage.tables()) {
    read.insert(table->uses.source);
  }
  for (const TableConfig& table : usage.activity) {
    read.insert(table.source);
  }
  if (usage.users) {
    read.insert(usage.users->source);
  }
  for (const SourceConfig& source : config.sources) {
    if (read.contains(source.name)) {
      usage.sources.push_back(source.name);
      usage.source_configs.emplace(source.name, source);
    }
  }
  if (usage.users) {
    std::stable_partition(usage.sources.begin(), usage.sources.end(),
                          [&](const std::string& name) { return name == usage.users->source; });
    usage.global_source = usage.users->source;
  } else if (!usage.activity.empty()) {
    usage.global_source = usage.activity.front().source;
  } else if (!usage.sources.empty()) {
    usage.global_source = usage.sources.front();
  }
}

}  // namespace

const FeatureConfig& UsageConfig::feature(const std::string& name) const {
  const auto found =
      std::find_if(features.begin(), features.end(),
                   [&](const FeatureConfig& feature) { return feature.shape.name == name; });
  if (found == features.end()) {
    throw std::logic_error("no feature of this name: " + name);
  }
  return *found;
}

std::vector<const FeatureConfig*> UsageConfig::tables() const {
  std::vector<const FeatureConfig*> all;
  for (const auto* some : {&features, &auxiliary_tables}) {
    for (const FeatureConfig& table : *some) {
      all.push_back(&table);
    }
  }
  return all;
}

UsageConfig read_usage_config(const Config& config, Problems& problems) {
  UsageConfig usage;
  if (config.usage.kind == yaml::Node::Kind::null) {
    return usage;
  }
  yaml::Mapping mapping(config.usage, "the config", problems);
  usage.rules.zone = TimeZone(config.timezone);
  usage.bucket = read_bucket(mapping, usage.rules.zone);
  usage.rules.windows = read_windows(mapping, usage.bucket, problems);
  usage.refresh =
      mapping.duration("refresh", std::chrono::seconds(1), days(1)).value_or(usage.refresh);
  usage.stale_after = mapping.duration("stale_after", std::chrono::seconds(1), days(3660))
                          .value_or(std::max<Duration>(5 * usage.refresh, minutes(5)));
  usage.history = mapping.duration("history", days(1), days(3660)).value_or(usage.history);
  usage.recount = read_recount(mapping, problems);
  mapping.choice("week_start", {"monday"});
  read_privacy(usage.rules, mapping, problems);
  read_features(usage, mapping, config, problems);
  read_population(usage, mapping, config, problems);
  read_combinations(usage, mapping, problems);
  read_business(usage, mapping, config, problems);
  read_capacities(usage, mapping, problems);
  usage.rules.phases = read_phases(mapping, problems);
  usage.rules.targets = read_targets(mapping, usage, problems);
  usage.report = read_report(mapping, usage, problems);
  mapping.finish();
  find_sources(usage, config);
  return usage;
}

}  // namespace usage
