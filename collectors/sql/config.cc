#include "collectors/sql/config.h"

#include <algorithm>
#include <set>

#include "collectors/sql/metric_config.h"
#include "exporter/base/format.h"
#include "exporter/config/collectors.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

template <typename Choice>
Choice read_choice(yaml::Mapping& mapping, std::string_view key,
                   const std::vector<std::string>& names, Choice fallback) {
  const auto index = mapping.choice(key, names);
  return index ? static_cast<Choice>(*index) : fallback;
}

SqlQuery read_query(const std::string& name, const yaml::Node& node, Problems& problems) {
  SqlQuery query{.name = name, .sql = "", .parameters = {}, .secret = false};
  if (node.is_mapping()) {
    yaml::Mapping mapping(node, fmt::format("query \"{}\"", name), problems);
    query.sql = mapping.require_string("sql");
    const yaml::Node* sql = mapping.find("sql");
    query.secret = sql && sql->secret;
    if (const yaml::Node* parameters = mapping.find("parameters")) {
      query.parameters = read_binds(*parameters, problems);
    }
    mapping.finish();
  } else if (const auto sql = yaml::as_string(node, fmt::format("query \"{}\"", name), problems)) {
    query.sql = *sql;
    query.secret = node.secret;
    if (sql->find_first_not_of(" \t\r\n") == std::string::npos) {
      problems.add(node.position, fmt::format("query \"{}\" is empty; write a SELECT", name));
    }
  }
  return query;
}

std::vector<SqlQuery> read_queries(yaml::Mapping& mapping, Problems& problems) {
  std::vector<SqlQuery> queries;
  const yaml::Node* single = mapping.find("query");
  const yaml::Node* several = mapping.find("queries");
  const yaml::Node* parameters = mapping.find("parameters");
  if ((single == nullptr) == (several == nullptr)) {
    mapping.problem(
        single ? "query" : "",
        single
            ? fmt::format("{} has both \"query\" and \"queries\"; keep one of them", mapping.what())
            : fmt::format("{} needs either \"query\" or \"queries\"", mapping.what()));
    return queries;
  }
  if (single) {
    queries.push_back(read_query("query", *single, problems));
    if (parameters) {
      queries.back().parameters = read_binds(*parameters, problems);
    }
    return queries;
  }
  if (parameters) {
    mapping.problem("parameters",
                    "\"parameters\" goes with \"query\"; with \"queries\", write "
                    "name: {sql: …, parameters: […]}");
  }
  for (const auto& [key, value] : mapping.entries("queries")) {
    queries.push_back(read_query(key.text, value, problems));
  }
  return queries;
}

void check_limit_policy(yaml::Mapping& mapping, const SqlConfig& sql) {
  if (sql.on_limit != OnLimit::top) {
    return;
  }
  for (const SqlMetric& metric : sql.metrics) {
    if (metric.type != MetricType::gauge || metric.values.size() > 1) {
      mapping.problem(
          "on_limit",
          fmt::format("\"on_limit: top\" is for gauges with \"value\", which metric \"{}\" is "
                      "not: the top changes, and what is folded would fall",
                      metric.name));
    }
  }
}

void check_duplicate_policy(yaml::Mapping& mapping, const SqlConfig& sql) {
  if (sql.on_duplicate != OnDuplicate::max && sql.on_duplicate != OnDuplicate::min) {
    return;
  }
  for (const SqlMetric& metric : sql.metrics) {
    if (!metric.bucket_columns.empty()) {
      mapping.problem(
          "on_duplicate",
          fmt::format("histogram \"{}\" has no larger or smaller of two rows; use error, "
                      "first, last or sum",
                      metric.name));
    }
  }
}

void check_queries_used(yaml::Mapping& mapping, const SqlConfig& sql, Problems& problems) {
  for (const auto& [key, value] : mapping.entries("queries")) {
    const bool used = std::any_of(
        sql.metrics.begin(), sql.metrics.end(),
        [&, name = key.text](const SqlMetric& m) { return sql.queries[m.query].name == name; });
    if (!used) {
      problems.add(key.position, fmt::format("query \"{}\" is used by no metric of {}", key.text,
                                             mapping.what()));
    }
  }
}

}  // namespace

std::vector<std::string> SqlMetric::columns() const {
  std::vector<std::string> columns;
  for (const SqlLabel& label : labels) {
    columns.push_back(label.column);
  }
  for (const SqlValue& value : values) {
    columns.push_back(value.column);
  }
  columns.insert(columns.end(), bucket_columns.begin(), bucket_columns.end());
  for (const std::string& column : {sum_column, count_column, state_column}) {
    if (!column.empty()) {
      columns.push_back(column);
    }
  }
  return columns;
}

SqlConfig read_sql_config(const CollectorConfig& collector, Problems& problems) {
  yaml::Mapping mapping(collector.body, fmt::format("collector \"{}\"", collector.name), problems);
  mark_common_keys(mapping);
  SqlConfig sql;
  sql.collector = collector.name;
  sql.max_series = collector.max_series;
  sql.queries = read_queries(mapping, problems);
  sql.max_rows =
      static_cast<std::uint64_t>(mapping.integer("max_rows", 1, 100'000'000).value_or(100'000));
  sql.max_label_length =
      static_cast<std::size_t>(mapping.integer("max_label_length", 1, 10'000).value_or(1024));
  sql.on_null = read_choice(mapping, "on_null", {"skip", "zero", "nan", "error"}, OnNull::skip);
  sql.on_empty = read_choice(mapping, "on_empty", {"absent", "zero", "keep"}, OnEmpty::absent);
  sql.on_duplicate = read_choice(
      mapping, "on_duplicate", {"error", "first", "last", "sum", "max", "min"}, OnDuplicate::error);
  sql.on_limit = read_choice(mapping, "on_limit", {"error", "top"}, OnLimit::error);
  if (mapping.require("metrics")) {
    const auto metrics = mapping.entries("metrics");
    if (metrics.empty()) {
      mapping.problem("metrics",
                      fmt::format("{} has no metrics; write at least one", mapping.what()));
    }
    for (const auto& [key, value] : metrics) {
      sql.metrics.push_back(read_sql_metric(key.text, value, sql, problems));
      if (!valid_metric_name(key.text)) {
        problems.add(
            key.position,
            fmt::format("\"{}\" is not a metric name; use letters, digits and underscores, "
                        "beginning with a letter",
                        key.text));
      }
    }
  }
  check_limit_policy(mapping, sql);
  check_duplicate_policy(mapping, sql);
  if (!sql.queries.empty()) {
    check_queries_used(mapping, sql, problems);
  }
  mapping.finish();
  return sql;
}

}  // namespace usage
