#include "collectors/usage/config/feature_config.h"

#include <algorithm>
#include <array>
#include <set>

#include "collectors/usage/config/business_config.h"
#include "collectors/usage/config/common_keys.h"
#include "collectors/usage/config/event_config.h"
#include "exporter/base/format.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

using std::chrono::days;
using std::chrono::hours;

struct ColumnUnit {
  std::string_view name;
  double scale;
};

constexpr std::array kDurationUnits{ColumnUnit{"ms", 1e-3}, ColumnUnit{"s", 1},
                                    ColumnUnit{"us", 1e-6}, ColumnUnit{"ns", 1e-9},
                                    ColumnUnit{"m", 60}};
constexpr std::array kSizeUnits{ColumnUnit{"bytes", 1}, ColumnUnit{"kB", 1e3},
                                ColumnUnit{"MB", 1e6}, ColumnUnit{"KiB", 1024},
                                ColumnUnit{"MiB", 1024 * 1024}};
const std::vector<double> kDurationBounds{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};
const std::vector<double> kSizeBounds{1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

// A list of ascending numbers; empty after a report.
std::vector<double> read_bounds(yaml::Mapping& mapping, std::string_view key, Problems& problems) {
  const yaml::Node* node = mapping.find(key);
  std::vector<double> bounds;
  if (node == nullptr) {
    return bounds;
  }
  const std::string what = fmt::format("\"{}\" in {}", key, mapping.what());
  if (node->kind != yaml::Node::Kind::sequence || node->items.empty()) {
    mapping.problem(key,
                    fmt::format("{} must be a list of upper bounds such as [24, 72, 168]", what));
    return bounds;
  }
  for (const yaml::Node& item : node->items) {
    const auto bound = yaml::as_number(item, fmt::format("an item of {}", what), problems);
    if (bound && !bounds.empty() && *bound <= bounds.back()) {
      problems.add(item.position, fmt::format("the bounds of {} must rise", what));
    }
    if (bound) {
      bounds.push_back(*bound);
    }
  }
  return bounds;
}

template <std::size_t N>
std::optional<NumberConfig> read_number(yaml::Mapping& feature, std::string_view key,
                                        const std::array<ColumnUnit, N>& units,
                                        const std::vector<double>& fallback,
                                        std::vector<double>& bounds, Problems& problems) {
  const yaml::Node* node = feature.find(key);
  if (node == nullptr) {
    return std::nullopt;
  }
  yaml::Mapping mapping(*node, fmt::format("\"{}\" of {}", key, feature.what()), problems);
  NumberConfig number;
  number.column = mapping.require_string("column");
  std::vector<std::string> names;
  for (const ColumnUnit& unit : units) {
    names.emplace_back(unit.name);
  }
  if (!mapping.has("unit") && node->is_mapping()) {
    mapping.problem("unit",
                    fmt::format("{} lacks the key \"unit\", what the column counts in: one of "
                                "{}",
                                mapping.what(), fmt::join(names, ", ")));
  }
  if (const auto unit = mapping.choice("unit", names)) {
    number.scale = units[*unit].scale;
  }
  bounds = read_bounds(mapping, "buckets", problems);
  if (bounds.empty()) {
    bounds = fallback;
  }
  mapping.finish();
  return number;
}

void read_reason(FeatureConfig& feature, yaml::Mapping& outer, Problems& problems) {
  const yaml::Node* node = outer.find("reason");
  if (node == nullptr) {
    return;
  }
  if (!feature.outcome) {
    outer.problem("reason",
                  fmt::format("\"reason\" in {} says why uses failed, and nothing says that "
                              "they did; add \"outcome\"",
                              outer.what()));
  }
  yaml::Mapping mapping(*node, fmt::format("\"reason\" of {}", outer.what()), problems);
  feature.reason = mapping.require_string("column");
  mapping.require("allow");
  feature.shape.reasons = read_values(mapping, "allow", problems);
  mapping.finish();
}

std::vector<std::string> bucket_names(const std::vector<double>& bounds) {
  std::vector<std::string> names;
  for (const double bound : bounds) {
    names.push_back("<=" + format_shortest(bound));
  }
  names.push_back(">" + format_shortest(bounds.back()));
  return names;
}

// Reads the limit on the number of a dimension's values; there must be exactly one.
void read_dimension_bound(yaml::Mapping& mapping, DimensionConfig& dimension, DimensionRules& rules,
                          Problems& problems) {
  int given = 0;
  for (const char* key : {"allow", "allow_top", "buckets"}) {
    given += mapping.has(key) ? 1 : 0;
  }
  if (given == 0) {
    mapping.problem("",
                    fmt::format("{} has no bound on how many series it makes; add \"allow\" (a "
                                "list of values), \"allow_top\" (how many) or \"buckets\" (upper "
                                "bounds of a number)",
                                mapping.what()));
  } else if (given > 1) {
    mapping.problem("",
                    fmt::format("{} has several of \"allow\", \"allow_top\" and \"buckets\"; keep "
                                "one",
                                mapping.what()));
  }
  rules.allow = read_values(mapping, "allow", problems);
  if (const auto top = mapping.integer("allow_top", 1, 100)) {
    rules.allow_top = static_cast<std::size_t>(*top);
  }
  dimension.buckets = read_bounds(mapping, "buckets", problems);
  if (!dimension.buckets.empty()) {
    rules.allow = bucket_names(dimension.buckets);
    if (!dimension.null_as.empty()) {
      rules.allow.push_back(dimension.null_as);
    }
  }
}

void read_dimensions(FeatureConfig& feature, FeatureRules& rules, yaml::Mapping& outer,
                     Problems& problems) {
  for (const auto& [key, value] : outer.entries("dimensions")) {
    const bool named =
        !key.text.empty() && std::all_of(key.text.begin(), key.text.end(), [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        });
    if (!named) {
      problems.add(key.position, fmt::format("{} is no name of a dimension; use a-z, 0-9 and \"_\"",
                                             yaml::quoted(key)));
    }
    yaml::Mapping mapping(value, fmt::format("dimension {} of {}", yaml::quoted(key), outer.what()),
                          problems);
    DimensionConfig dimension;
    DimensionRules bound;
    dimension.column = mapping.has("column") ? mapping.require_string("column") : key.text;
    dimension.null_as = mapping.string("null_as").value_or("");
    if (value.is_mapping()) {
      read_dimension_bound(mapping, dimension, bound, problems);
    }
    mapping.finish();
    feature.shape.dimensions.push_back(key.text);
    feature.dimensions.push_back(std::move(dimension));
    rules.dimensions.push_back(std::move(bound));
  }
}

// Reports keys that need a column with the user.
void refuse_without_user(const FeatureConfig& feature, yaml::Mapping& mapping) {
  for (const char* key : {"regular", "power", "core", "at_risk"}) {
    if (mapping.has(key) && feature.uses.user.empty() && !mapping.has("user")) {
      mapping.problem(key,
                      fmt::format("\"{}\" in {} is about people, and nothing says who they are; "
                                  "add \"user\", the column that holds them",
                                  key, mapping.what()));
    }
  }
}

void read_regular(FeatureRules& rules, yaml::Mapping& outer, Problems& problems) {
  const yaml::Node* node = outer.find("regular");
  if (node == nullptr) {
    return;
  }
  yaml::Mapping mapping(*node, fmt::format("\"regular\" of {}", outer.what()), problems);
  rules.regular_of_periods = static_cast<int>(mapping.integer("of_periods", 1, 52).value_or(4));
  rules.regular_min_periods = static_cast<int>(mapping.integer("min_periods", 1, 52).value_or(2));
  rules.regular_period = mapping.duration("period", days(1), days(31)).value_or(days(7));
  if (rules.regular_min_periods > rules.regular_of_periods) {
    mapping.problem("min_periods", fmt::format("\"min_periods\" in {} is more than \"of_periods\", "
                                               "which is {}",
                                               mapping.what(), rules.regular_of_periods));
  }
  mapping.finish();
}

int read_active_days(yaml::Mapping& outer, std::string_view key, int fallback, Problems& problems) {
  const yaml::Node* node = outer.find(key);
  if (node == nullptr) {
    return fallback;
  }
  yaml::Mapping mapping(*node, fmt::format("\"{}\" of {}", key, outer.what()), problems);
  const auto least = mapping.integer("min_active_days", 1, 28);
  mapping.require("min_active_days");
  mapping.finish();
  return least ? static_cast<int>(*least) : fallback;
}

void read_segments(FeatureRules& rules, yaml::Mapping& outer, Problems& problems) {
  rules.power_min_active_days = read_active_days(outer, "power", 8, problems);
  rules.core_min_active_days =
      read_active_days(outer, "core", std::min(4, rules.power_min_active_days - 1), problems);
  if (rules.core_min_active_days >= rules.power_min_active_days) {
    outer.problem(
        outer.has("core") ? "core" : "power",
        fmt::format("\"core\" in {} needs fewer active days ({}) than \"power\" ({})", outer.what(),
                    rules.core_min_active_days, rules.power_min_active_days));
  }
  if (const yaml::Node* node = outer.find("at_risk")) {
    yaml::Mapping mapping(*node, fmt::format("\"at_risk\" of {}", outer.what()), problems);
    rules.at_risk_was_regular_within =
        mapping.duration("was_regular_within", days(1), days(366)).value_or(days(28));
    rules.at_risk_silent_for =
        mapping.duration("silent_for", days(1), days(366)).value_or(days(14));
    mapping.finish();
  }
}

}  // namespace

void read_where(TableConfig& table, yaml::Mapping& outer, Problems& problems) {
  const yaml::Node* node = outer.find("where");
  if (node == nullptr) {
    return;
  }
  yaml::Mapping mapping(*node, fmt::format("\"where\" of {}", outer.what()), problems);
  if (node->is_mapping() && node->entries.empty()) {
    outer.problem("where",
                  fmt::format("{} is empty; write a column and its values, such as {{event: "
                              "Export Used}}",
                              mapping.what()));
  }
  for (const yaml::Entry& entry : node->entries) {
    table.where.emplace_back(entry.key.text, read_values(mapping, entry.key.text, problems));
    const auto& items = entry.value.items;
    table.secret =
        table.secret || entry.value.secret ||
        std::any_of(items.begin(), items.end(), [](const yaml::Node& item) { return item.secret; });
  }
  mapping.finish();
}

FeatureConfig read_feature(const yaml::Node& key, const yaml::Node& value, const Config& config,
                           FeatureRules& rules, std::vector<FeatureConfig>& records,
                           Problems& problems) {
  FeatureConfig feature;
  feature.shape.name = key.text;
  yaml::Mapping mapping(value, fmt::format("feature {}", yaml::quoted(key)), problems);
  rules.title = mapping.string("title").value_or(key.text);
  rules.launched_at = read_time(mapping, "launched_at");
  if (value.is_mapping()) {
    feature.uses.source = read_source_name(mapping, config);
    read_rows(feature.uses, &feature.outcome, mapping, config, problems);
  }
  read_where(feature.uses, mapping, problems);
  if (auto outcome = read_outcome(mapping, problems)) {
    feature.outcome = std::move(outcome);
  }
  read_reason(feature, mapping, problems);
  feature.duration = read_number(mapping, "duration", kDurationUnits, kDurationBounds,
                                 feature.shape.duration_bounds, problems);
  feature.size =
      read_number(mapping, "size", kSizeUnits, kSizeBounds, feature.shape.size_bounds, problems);
  feature.scope = read_name(mapping, "scope");
  read_dimensions(feature, rules, mapping, problems);
  refuse_without_user(feature, mapping);
  read_regular(rules, mapping, problems);
  read_segments(rules, mapping, problems);
  read_value(rules, feature, mapping, problems);
  read_artifact(records, feature, rules, mapping, config, problems);
  feature.shape.has_users = !feature.uses.user.empty();
  feature.shape.has_outcome = feature.outcome.has_value();
  feature.shape.has_scope = !feature.scope.empty();
  read_attempts(feature, rules, mapping, records, problems);
  read_cross_checks(feature, rules, mapping, records, config, problems);
  mapping.finish();
  return feature;
}

}  // namespace usage
