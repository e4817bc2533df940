#include "collectors/sql/metric_config.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "exporter/base/format.h"
#include "exporter/config/yaml_mapping.h"
#include "exporter/exposition/reserved_names.h"

namespace usage {

namespace {

// Quotes `name` for a message, as it is written under `node`: a list, a mapping or the name itself.
std::string quoted_name(const yaml::Node& node, std::string_view name) {
  for (const yaml::Node& item : node.items) {
    if (item.text == name) {
      return yaml::quoted(item);
    }
  }
  for (const auto& [key, value] : node.entries) {
    if (key.text == name) {
      return yaml::quoted(key);
    }
  }
  return yaml::quoted(node);
}

SqlLabel read_label(const std::string& name, const yaml::Node& node, Problems& problems) {
  SqlLabel label{.name = name, .column = "", .map = {}, .other = {}, .null_as = ""};
  if (!node.is_mapping()) {
    label.column =
        yaml::as_string(node, fmt::format("label \"{}\"", name), problems).value_or(std::string());
    return label;
  }
  yaml::Mapping mapping(node, fmt::format("label \"{}\"", name), problems);
  label.column = mapping.string("column").value_or(name);
  label.map = mapping.string_map("map");
  label.other = mapping.string("other");
  label.null_as = mapping.string("null_as").value_or("");
  if (label.other && label.map.empty()) {
    mapping.problem("other", "\"other\" needs a \"map\": it is for texts that are not in it");
  }
  mapping.finish();
  return label;
}

std::vector<SqlLabel> read_labels(yaml::Mapping& mapping, Problems& problems) {
  std::vector<SqlLabel> labels;
  const yaml::Node* node = mapping.find("labels");
  if (node && node->kind == yaml::Node::Kind::sequence) {
    for (const yaml::Node& item : node->items) {
      if (const auto column = yaml::as_string(item, "a label's column", problems)) {
        labels.push_back(read_label(*column, item, problems));
      }
    }
  } else if (node) {
    for (const auto& [key, value] : mapping.entries("labels")) {
      labels.push_back(read_label(key.text, value, problems));
    }
  }
  return labels;
}

void read_values(yaml::Mapping& mapping, SqlMetric& metric) {
  const auto value = mapping.string("value");
  const bool several = mapping.has("values");
  for (const auto& [label_value, column] : mapping.string_map("values")) {
    metric.values.push_back({label_value, column});
  }
  metric.value_label = mapping.string("value_label").value_or("");
  if (value.has_value() == several) {
    mapping.problem(
        value ? "value" : "",
        value
            ? fmt::format("{} has both \"value\" and \"values\"; keep one of them", mapping.what())
            : fmt::format("{} needs either \"value\" (a column) or \"values\"", mapping.what()));
  }
  if (value) {
    metric.values = {{"", *value}};
  }
  if (several && metric.value_label.empty()) {
    mapping.problem("values", "\"values\" needs \"value_label\": the label that tells them apart");
  }
  if (!several && !metric.value_label.empty()) {
    mapping.problem("value_label", "\"value_label\" goes with \"values\"");
  }
}

void read_number_rules(yaml::Mapping& mapping, SqlMetric& metric, Problems& problems) {
  metric.scale = mapping.number("scale").value_or(1);
  metric.default_value = mapping.number("default");
  for (const auto& [key, value] : mapping.entries("map")) {
    if (const auto number =
            yaml::as_number(value, fmt::format("{} in \"map\"", yaml::quoted(key)), problems)) {
      metric.map[key.text] = *number;
    }
  }
}

void read_expect(yaml::Mapping& mapping, SqlMetric& metric, std::size_t max_series,
                 Problems& problems) {
  if (!mapping.has("expect")) {
    return;
  }
  std::map<std::string, std::vector<std::string>> expected;
  for (const auto& [key, value] : mapping.entries("expect")) {
    std::vector<std::string>& texts = expected[key.text];
    if (value.kind != yaml::Node::Kind::sequence || value.items.empty()) {
      problems.add(value.position,
                   fmt::format("\"expect\" wants a list of texts for label {}", yaml::quoted(key)));
    }
    for (const yaml::Node& item : value.items) {
      texts.push_back(yaml::as_string(item, "an expected label value", problems).value_or(""));
      if (std::count(texts.begin(), texts.end(), texts.back()) > 1) {
        problems.add(item.position, fmt::format("{} is expected twice", yaml::quoted(item)));
      }
    }
  }
  std::size_t combinations = metric.values.size();
  for (const SqlLabel& label : metric.labels) {
    const auto found = expected.find(label.name);
    if (found == expected.end()) {
      mapping.problem("expect", fmt::format("\"expect\" lacks label {}; it must list every label "
                                            "that comes from a column",
                                            quoted_name(*mapping.find("labels"), label.name)));
      return;
    }
    combinations *= std::max<std::size_t>(1, found->second.size());
    metric.expect.push_back(found->second);
    expected.erase(found);
  }
  for (const auto& [name, texts] : expected) {
    mapping.problem("expect",
                    fmt::format("\"expect\" names {}, which is no label of {}",
                                quoted_name(*mapping.find("expect"), name), mapping.what()));
  }
  if (combinations > max_series) {
    mapping.problem("expect", fmt::format("\"expect\" makes {} series where max_series is {}",
                                          combinations, max_series));
  }
}

void read_bounds(yaml::Mapping& mapping, SqlMetric& metric, Problems& problems) {
  const yaml::Node* rows = mapping.find("buckets");
  const bool columns = mapping.has("bucket_columns");
  if ((rows != nullptr) == columns) {
    mapping.problem(
        rows ? "buckets" : "",
        rows ? fmt::format("{} has both \"buckets\" and \"bucket_columns\"; keep one of them",
                           mapping.what())
             : fmt::format("{} needs either \"buckets\" (bounds for a value per row) or "
                           "\"bucket_columns\" (bound: column)",
                           mapping.what()));
    return;
  }
  if (rows && rows->kind != yaml::Node::Kind::sequence) {
    mapping.problem("buckets", "\"buckets\" must be a list of upper bounds: [0.1, 0.5, 1]");
    return;
  }
  if (rows) {
    for (const yaml::Node& item : rows->items) {
      metric.bounds.push_back(yaml::as_number(item, "a bucket's bound", problems).value_or(0));
    }
  }
  for (const auto& [key, value] : mapping.entries("bucket_columns")) {
    metric.bounds.push_back(yaml::as_number(key, "a bucket's bound", problems).value_or(0));
    metric.bucket_columns.push_back(
        yaml::as_string(value, "a bucket's column", problems).value_or(""));
  }
  const bool finite = std::all_of(metric.bounds.begin(), metric.bounds.end(),
                                  [](double bound) { return std::isfinite(bound); });
  const bool ascending =
      std::adjacent_find(metric.bounds.begin(), metric.bounds.end(),
                         [](double a, double b) { return a >= b; }) == metric.bounds.end();
  if (metric.bounds.empty() || !finite || !ascending) {
    mapping.problem(rows ? "buckets" : "bucket_columns",
                    "bounds must be finite numbers, each larger than the one before; +Inf is "
                    "added by itself");
  }
}

void read_histogram(yaml::Mapping& mapping, SqlMetric& metric, Problems& problems) {
  read_bounds(mapping, metric, problems);
  metric.count_column = mapping.string("count").value_or("");
  if (mapping.has("bucket_columns")) {
    metric.sum_column = mapping.require_string("sum");
    if (metric.count_column.empty()) {
      mapping.problem("",
                      fmt::format("{} needs \"count\": the column with the number of observations",
                                  mapping.what()));
    }
    return;
  }
  metric.values = {{"", mapping.require_string("value")}};
}

void read_stateset(yaml::Mapping& mapping, SqlMetric& metric) {
  metric.state_column = mapping.require_string("state");
  metric.states = mapping.strings("states");
  const std::set<std::string> distinct(metric.states.begin(), metric.states.end());
  if (metric.states.empty() || distinct.size() != metric.states.size()) {
    mapping.problem("states",
                    fmt::format("{} needs \"states\": a list of different texts", mapping.what()));
  }
}

void check_name(yaml::Mapping& mapping, const SqlMetric& metric) {
  const std::string_view name = metric.name;
  MetricFamily family;
  family.name = metric.name;
  family.type = metric.type;
  if (const std::string_view why = why_reserved(family); !why.empty()) {
    mapping.problem("", fmt::format("{}: {}; choose another", mapping.what(), why));
  }
  if (metric.type == MetricType::counter && !name.ends_with("_total")) {
    mapping.problem("",
                    fmt::format("{} is a counter, so its name must end in _total", mapping.what()));
  }
  if (metric.type != MetricType::counter && name.ends_with("_total")) {
    mapping.problem("",
                    fmt::format("{} ends in _total, which is for counters; set type: counter or "
                                "choose another name",
                                mapping.what()));
  }
  if (metric.type == MetricType::info && !name.ends_with("_info")) {
    mapping.problem("",
                    fmt::format("{} is an info, so its name must end in _info", mapping.what()));
  }
  for (const std::string_view suffix : {"_bucket", "_sum", "_count", "_created"}) {
    if (name.ends_with(suffix)) {
      mapping.problem("",
                      fmt::format("{} ends in {}, which scrapers take for a part of a histogram; "
                                  "choose another name",
                                  mapping.what(), suffix));
    }
  }
  if (!metric.unit.empty() &&
      (metric.type == MetricType::info || metric.type == MetricType::stateset)) {
    mapping.problem("unit", fmt::format("{} is an {}, which has no unit", mapping.what(),
                                        to_string(metric.type)));
    return;
  }
  if (!metric.unit.empty() && !base_name(family).ends_with("_" + metric.unit)) {
    const yaml::Node& unit = *mapping.find("unit");
    mapping.problem("unit",
                    fmt::format("{} has the unit {}, so its name must end in _{}{}", mapping.what(),
                                yaml::quoted(unit), yaml::may_show(unit) ? metric.unit : "UNIT",
                                metric.type == MetricType::counter ? "_total" : ""));
  }
}

void check_labels(yaml::Mapping& mapping, const SqlMetric& metric) {
  std::vector<std::pair<std::string, std::string>> names;  // name, key it came from
  for (const SqlLabel& label : metric.labels) {
    names.emplace_back(label.name, "labels");
  }
  if (!metric.value_label.empty()) {
    names.emplace_back(metric.value_label, "value_label");
  }
  for (const auto& [name, value] : metric.static_labels) {
    names.emplace_back(name, "static_labels");
  }
  std::set<std::string> seen;
  for (const auto& [name, key] : names) {
    const std::string shown = quoted_name(*mapping.find(key), name);
    if (!valid_label_name(name)) {
      mapping.problem(key,
                      fmt::format("{} is not a label name; use letters, digits and underscores, "
                                  "not beginning with __",
                                  shown));
    }
    if (!seen.insert(name).second) {
      mapping.problem(key, fmt::format("{} has the label {} twice", mapping.what(), shown));
    }
    if ((name == "le" && metric.type == MetricType::histogram) ||
        (name == metric.name && metric.type == MetricType::stateset)) {
      mapping.problem(
          key, fmt::format("label {} is taken by the {} itself", shown, to_string(metric.type)));
    }
  }
}

std::size_t find_query(yaml::Mapping& mapping, const SqlConfig& sql) {
  const auto wanted = mapping.string("query");
  std::vector<std::string> names;
  for (std::size_t i = 0; i < sql.queries.size(); ++i) {
    if (wanted == sql.queries[i].name) {
      return i;
    }
    names.push_back(sql.queries[i].name);
  }
  if (wanted && !names.empty()) {
    mapping.problem("query",
                    fmt::format("there is no query {}{}", yaml::quoted(*mapping.find("query")),
                                did_you_mean(*wanted, names)));
  } else if (names.size() > 1) {
    mapping.problem("", fmt::format("{} needs \"query\": the collector has several ({} …)",
                                    mapping.what(), names.front()));
  }
  return 0;
}

}  // namespace

SqlMetric read_sql_metric(const std::string& name, const yaml::Node& node, const SqlConfig& sql,
                          Problems& problems) {
  yaml::Mapping mapping(node, fmt::format("metric \"{}\"", name), problems);
  SqlMetric metric;
  metric.name = name;
  const auto type = mapping.choice("type", {"gauge", "counter", "histogram", "info", "stateset"});
  metric.type = static_cast<MetricType>(type.value_or(0));
  metric.help = mapping.require_string("help");
  metric.unit = mapping.string("unit").value_or("");
  metric.query = find_query(mapping, sql);
  metric.labels = read_labels(mapping, problems);
  metric.static_labels = mapping.string_map("static_labels");
  switch (metric.type) {
    case MetricType::gauge:
    case MetricType::counter:
      read_values(mapping, metric);
      read_number_rules(mapping, metric, problems);
      read_expect(mapping, metric, sql.max_series, problems);
      break;
    case MetricType::histogram:
      read_histogram(mapping, metric, problems);
      read_number_rules(mapping, metric, problems);
      break;
    case MetricType::info:
      break;
    case MetricType::stateset:
      read_stateset(mapping, metric);
      break;
  }
  check_name(mapping, metric);
  check_labels(mapping, metric);
  mapping.finish();
  return metric;
}

}  // namespace usage
