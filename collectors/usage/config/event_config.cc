#include "collectors/usage/config/event_config.h"

#include <algorithm>

#include "collectors/usage/config/common_keys.h"
#include "collectors/usage/config/feature_config.h"
#include "exporter/base/format.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr char kUser[] = "user";

bool reads_journal(const Config& config, const std::string& source) {
  return !source.empty() && config.source(source).database() == nullptr;
}

void add_once(std::vector<std::string>& all, const std::vector<std::string>& some) {
  for (const std::string& item : some) {
    if (std::find(all.begin(), all.end(), item) == all.end()) {
      all.push_back(item);
    }
  }
}

std::optional<std::string> in_both(const std::vector<std::string>& some,
                                   const std::vector<std::string>& others) {
  const auto found = std::find_if(some.begin(), some.end(), [&](const std::string& value) {
    return std::find(others.begin(), others.end(), value) != others.end();
  });
  return found == some.end() ? std::nullopt : std::optional(*found);
}

void refuse_both(const OutcomeConfig& outcome, yaml::Mapping& mapping) {
  if (const auto value = in_both(outcome.failure, outcome.success)) {
    mapping.problem("failure", fmt::format("\"{}\" is both a success and a failure in {}", *value,
                                           mapping.what()));
  }
  if (const auto value = in_both(outcome.start, outcome.success)) {
    mapping.problem(
        "start", fmt::format("\"{}\" is both a start and a success in {}", *value, mapping.what()));
  }
}

// Reads the names of events: a text, a list, or, if `outcome` is given, what they mean.
void read_event(TableConfig& table, std::optional<OutcomeConfig>* outcome, yaml::Mapping& outer,
                Problems& problems) {
  const yaml::Node* node = outer.require("event");
  if (node == nullptr) {
    return;
  }
  if (!node->is_mapping() || outcome == nullptr) {
    table.events = read_values(outer, "event", problems);
    return;
  }
  yaml::Mapping mapping(*node, fmt::format("\"event\" of {}", outer.what()), problems);
  OutcomeConfig meant;
  meant.by_event = true;
  meant.start = read_values(mapping, "start", problems);
  mapping.require("success");
  meant.success = read_values(mapping, "success", problems);
  meant.failure = read_values(mapping, "failure", problems);
  refuse_both(meant, mapping);
  mapping.finish();
  for (const auto* names : {&meant.start, &meant.success, &meant.failure}) {
    add_once(table.events, *names);
  }
  if (outer.has("outcome")) {
    outer.problem("outcome",
                  fmt::format("{} tells the outcome by the names of events already; list "
                              "the names or remove \"outcome\"",
                              outer.what()));
  }
  *outcome = std::move(meant);
}

// The dotted paths of the fields to read of an event.
std::vector<std::string> paths_of(const FeatureConfig& table) {
  std::vector<std::string> paths;
  const auto add = [&](const std::string& path) {
    if (!path.empty()) {
      add_once(paths, {path});
    }
  };
  add(table.outcome && !table.outcome->by_event ? table.outcome->column : "");
  add(table.reason);
  add(table.scope);
  add(table.duration ? table.duration->column : "");
  add(table.size ? table.size->column : "");
  for (const DimensionConfig& dimension : table.dimensions) {
    add(dimension.column);
    add(dimension.scale ? dimension.scale->max_column : "");
  }
  if (table.attempts) {
    add(table.attempts->id);
    for (const std::string& part : table.attempts->key) {
      add(part == kUser ? "" : part);
    }
  }
  for (const auto& [path, values] : table.uses.where) {
    add(path);
  }
  return paths;
}

// Paths become parts of SQL between quotation marks, so they must have none.
void check_paths(const FeatureConfig& table, yaml::Mapping& mapping) {
  for (const std::string& path :
       table.uses.events.empty() ? std::vector<std::string>() : paths_of(table)) {
    const bool plain = std::all_of(path.begin(), path.end(), [](char c) {
      return static_cast<unsigned char>(c) >= ' ' && c != '"' && c != '\'' && c != '\\';
    });
    if (!plain) {
      mapping.problem(
          "", fmt::format("{} reads a field whose name has a quotation mark, a backslash or "
                          "a control character; have it sent under another name",
                          mapping.what()));
      return;
    }
  }
}

// Successes can be counted; starts and failures only together, as an auxiliary table.
void estimate(FeatureConfig& feature, FeatureRules& rules, std::vector<FeatureConfig>& records) {
  FeatureConfig others;
  others.uses = feature.uses;
  others.shape.name = auxiliary::unsuccessful(feature.shape.name);
  others.outcome = feature.outcome;
  others.outcome->success = feature.outcome->failure;
  others.outcome->failure.clear();
  others.outcome->start = feature.outcome->success;
  records.push_back(std::move(others));
  feature.outcome->start = std::move(feature.outcome->failure);
  feature.outcome->failure.clear();
  feature.shape.has_outcome = false;
  rules.estimates_failures = true;
}

void check_attempts(const FeatureConfig& feature, bool approximate, yaml::Mapping& mapping) {
  const AttemptsConfig& attempts = *feature.attempts;
  const bool paired = !attempts.id.empty() || !attempts.key.empty();
  if (!feature.outcome || feature.outcome->start.empty()) {
    mapping.problem("",
                    fmt::format("{} pairs the start of an attempt with its end, and nothing says "
                                "which rows are starts; add \"start\" to \"outcome\" or \"event\"",
                                mapping.what()));
  } else if (approximate && !in_both(feature.outcome->start, feature.outcome->failure)) {
    mapping.problem("approximate",
                    fmt::format("\"approximate\" in {} is for rows that cannot tell a start from a "
                                "failure, and these can; remove it",
                                mapping.what()));
  } else if (approximate && (paired || !feature.reason.empty())) {
    mapping.problem("approximate",
                    fmt::format("with \"approximate\" in {} nothing is paired and no "
                                "failure has a reason; remove \"id\", \"key\" and "
                                "\"reason\", or \"approximate\"",
                                mapping.what()));
  } else if (!approximate && !paired) {
    mapping.problem(
        "", fmt::format("{} needs an \"id\", which only the rows of one attempt share, or a "
                        "\"key\", a list of columns such as [user, format]; where there "
                        "is neither, {{approximate: true}} estimates",
                        mapping.what()));
  }
}

}  // namespace

void read_rows(TableConfig& table, std::optional<OutcomeConfig>* outcome, yaml::Mapping& mapping,
               const Config& config, Problems& problems) {
  if (!reads_journal(config, table.source)) {
    const bool named = mapping.has("table") || mapping.has("time");
    if (named || !mapping.has("event")) {
      table.table = mapping.require_string("table");
      table.time = mapping.require_string("time");
    }
    if (mapping.has("event") && !table.source.empty()) {
      mapping.problem("event",
                      fmt::format("\"event\" in {} is for sources that tell events, and \"{}\" "
                                  "has tables; name one with \"table\"",
                                  mapping.what(), table.source));
    }
    table.user = read_name(mapping, kUser);
    table.time_format = read_time_format(mapping, config, table.source);
    return;
  }
  for (const char* key : {"table", "time", kUser, "time_format"}) {
    if (mapping.has(key)) {
      mapping.problem(
          key, fmt::format("\"{}\" in {} is for tables, and source \"{}\" tells events, which "
                           "have a time and a user of their own; name them with \"event\"",
                           key, mapping.what(), table.source));
    }
  }
  table.table = "events";
  table.time = "time";
  table.user = kUser;
  table.time_format = TimeFormat::unix_ms;
  read_event(table, outcome, mapping, problems);
}

void refuse_events(yaml::Mapping& mapping, const Config& config, const std::string& source) {
  if (reads_journal(config, source)) {
    mapping.problem("source", fmt::format("{} is read from a table, and source \"{}\" tells events",
                                          mapping.what(), source));
  }
}

std::optional<OutcomeConfig> read_outcome(yaml::Mapping& feature, Problems& problems) {
  const yaml::Node* node = feature.find("outcome");
  if (node == nullptr) {
    return std::nullopt;
  }
  yaml::Mapping mapping(*node, fmt::format("\"outcome\" of {}", feature.what()), problems);
  OutcomeConfig outcome;
  outcome.column = mapping.require_string("column");
  outcome.success = read_values(mapping, "success", problems);
  outcome.failure = read_values(mapping, "failure", problems);
  outcome.start = read_values(mapping, "start", problems);
  if (node->is_mapping() && !mapping.has("success") && !mapping.has("failure")) {
    mapping.problem("",
                    fmt::format("{} says neither which values are a \"success\" nor which are a "
                                "\"failure\"",
                                mapping.what()));
  }
  refuse_both(outcome, mapping);
  if (const auto value = in_both(outcome.start, outcome.failure);
      value && !feature.has("attempts")) {
    mapping.problem("start",
                    fmt::format("\"{}\" is both a start and a failure in {}: only its place "
                                "among others tells which; add \"attempts\" to {}",
                                *value, mapping.what(), feature.what()));
  }
  mapping.finish();
  return outcome;
}

void read_attempts(FeatureConfig& feature, FeatureRules& rules, yaml::Mapping& outer,
                   std::vector<FeatureConfig>& records, Problems& problems) {
  if (const yaml::Node* node = outer.find("attempts")) {
    yaml::Mapping mapping(*node, fmt::format("\"attempts\" of {}", outer.what()), problems);
    AttemptsConfig& attempts = feature.attempts.emplace();
    attempts.id = read_name(mapping, "id");
    attempts.key = read_values(mapping, "key", problems);
    attempts.timeout =
        mapping.duration("timeout", std::chrono::seconds(1), hours(6)).value_or(attempts.timeout);
    attempts.echo = mapping.duration("echo", Duration(0), minutes(1)).value_or(attempts.echo);
    if (attempts.echo >= attempts.timeout) {
      mapping.problem("echo",
                      fmt::format("\"echo\" in {} must be shorter than \"timeout\", which is {}",
                                  mapping.what(), format_duration(attempts.timeout)));
    }
    const bool approximate = mapping.boolean("approximate").value_or(false);
    const std::size_t before = problems.size();
    check_attempts(feature, approximate, mapping);
    if (outer.has("artifact")) {
      mapping.problem("", fmt::format("{} has \"artifact\", whose rows are not paired; remove one",
                                      outer.what()));
    }
    mapping.finish();
    if (problems.size() != before || approximate) {
      feature.attempts.reset();
    }
    if (problems.size() == before && approximate) {
      estimate(feature, rules, records);
    }
  }
  check_paths(feature, outer);
  if (feature.attempts && !rules.estimates_failures) {
    rules.has_abandoned = true;
    FeatureConfig abandoned = feature;
    abandoned.shape.name = auxiliary::abandoned(feature.shape.name);
    abandoned.abandoned = true;
    abandoned.shape.has_outcome = false;
    records.push_back(std::move(abandoned));
  }
}

void read_cross_checks(const FeatureConfig& feature, FeatureRules& rules, yaml::Mapping& outer,
                       std::vector<FeatureConfig>& records, const Config& config,
                       Problems& problems) {
  const yaml::Node* list = outer.find("cross_check");
  if (list == nullptr) {
    return;
  }
  if (list->kind != yaml::Node::Kind::sequence || list->items.empty()) {
    outer.problem("cross_check",
                  fmt::format("\"cross_check\" in {} must be a list such as [{{source: "
                              "web_events, event: Export Used}}]",
                              outer.what()));
    return;
  }
  for (const yaml::Node& item : list->items) {
    yaml::Mapping mapping(item, fmt::format("an item of \"cross_check\" of {}", outer.what()),
                          problems);
    FeatureConfig check;
    FeatureRules ignored;
    std::vector<FeatureConfig> no_records;
    if (item.is_mapping()) {
      check.uses.source = read_source_name(mapping, config);
      read_rows(check.uses, &check.outcome, mapping, config, problems);
    }
    read_where(check.uses, mapping, problems);
    if (auto outcome = read_outcome(mapping, problems)) {
      check.outcome = std::move(outcome);
    }
    read_attempts(check, ignored, mapping, no_records, problems);
    mapping.finish();
    check.shape.name = auxiliary::cross_check(feature.shape.name, check.uses.source);
    auto& known = rules.cross_checks;
    if (std::find(known.begin(), known.end(), check.uses.source) != known.end()) {
      mapping.problem("source", fmt::format("\"cross_check\" of {} names the source \"{}\" twice",
                                            outer.what(), check.uses.source));
      continue;
    }
    known.push_back(check.uses.source);
    records.push_back(std::move(check));
  }
}

EventFilter event_filter(const UsageConfig& config, const std::string& source) {
  EventFilter wanted;
  for (const FeatureConfig* table : config.tables()) {
    for (const std::string& event : table->uses.events) {
      if (table->uses.source == source) {
        const std::vector<std::string> paths = paths_of(*table);
        wanted[event].insert(paths.begin(), paths.end());
      }
    }
  }
  for (const TableConfig& table : config.activity) {
    for (const std::string& event : table.events) {
      if (table.source == source) {
        wanted[event];
        for (const auto& [path, values] : table.where) {
          wanted[event].insert(path);
        }
      }
    }
  }
  return wanted;
}

}  // namespace usage
