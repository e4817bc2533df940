#include "collectors/usage/config/report_config.h"

#include <algorithm>
#include <array>

#include "collectors/measures/report_figures.h"
#include "exporter/base/format.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

// Keys that every report has (docs/REPORT.md).
constexpr std::array<std::string_view, 10> kOwnKeys{
    "week",    "week_ending", "timezone",     "from",    "to",
    "product", "features",    "combinations", "tickets", "targets"};

bool is_combination(const UsageConfig& usage, const std::string& name) {
  return std::ranges::count(usage.rules.combinations, name, &Combination::name) > 0;
}

void read_subject(yaml::Mapping& mapping, const UsageConfig& usage, ReportKey& key) {
  std::vector<std::string> known;
  for (const auto& [name, rules] : usage.rules.features) {
    known.push_back(name);
  }
  for (const Combination& combination : usage.rules.combinations) {
    known.push_back(combination.name);
  }
  if (const auto choice = mapping.choice("feature", known)) {
    key.subject = known[*choice];
  }
}

void read_dimension(yaml::Mapping& mapping, const UsageConfig& usage, ReportKey& key) {
  if (!usage.rules.features.contains(key.subject)) {
    mapping.problem("most_used",
                    fmt::format("{} needs the \"feature\" that has the dimension", mapping.what()));
    mapping.find("most_used");
    return;
  }
  const auto& dimensions = usage.feature(key.subject).shape.dimensions;
  if (const auto choice = mapping.choice("most_used", dimensions)) {
    key.most_used = dimensions[*choice];
  }
}

void read_figure(yaml::Mapping& mapping, const UsageConfig& usage, ReportKey& key) {
  const std::vector<std::string> known = key.subject.empty() ? product_figure_keys()
                                         : is_combination(usage, key.subject)
                                             ? combination_figure_keys()
                                             : feature_figure_keys();
  if (const auto choice = mapping.choice("figure", known)) {
    key.figure = known[*choice];
  }
}

ReportKey read_key(const yaml::Entry& entry, const std::string& group, const UsageConfig& usage,
                   Problems& problems) {
  ReportKey key{entry.key.text, {}, {}, {}};
  yaml::Mapping mapping(
      entry.value, fmt::format("{} of {} in \"report\"", yaml::quoted(entry.key), group), problems);
  if (!entry.value.is_mapping()) {
    return key;
  }
  read_subject(mapping, usage, key);
  const bool of_dimension = mapping.has("most_used");
  if (of_dimension == mapping.has("figure")) {
    mapping.problem("figure", fmt::format("{} needs either \"figure\", a number of the report, or "
                                          "\"most_used\", a dimension",
                                          mapping.what()));
  } else if (of_dimension) {
    read_dimension(mapping, usage, key);
  } else {
    read_figure(mapping, usage, key);
  }
  mapping.finish();
  return key;
}

}  // namespace

std::vector<ReportGroup> read_report(yaml::Mapping& outer, const UsageConfig& usage,
                                     Problems& problems) {
  std::vector<ReportGroup> groups;
  for (const auto& [name, value] : outer.entries("report")) {
    if (std::ranges::count(kOwnKeys, name.text) > 0) {
      problems.add(name.position, fmt::format("{} is a key of the report already; name the group "
                                              "otherwise",
                                              yaml::quoted(name)));
    }
    ReportGroup group{name.text, {}};
    const yaml::Mapping mapping(value, fmt::format("{} in \"report\"", yaml::quoted(name)),
                                problems);
    if (value.is_mapping()) {
      for (const yaml::Entry& entry : value.entries) {
        group.keys.push_back(read_key(entry, yaml::quoted(name), usage, problems));
      }
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace usage
