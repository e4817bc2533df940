#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/sql/parameters.h"
#include "exporter/config/config.h"
#include "exporter/exposition/metric.h"

namespace usage {

enum class OnNull { skip, zero, nan, error };
enum class OnEmpty { absent, zero, keep };
enum class OnDuplicate { error, first, last, sum, max, min };
enum class OnLimit { error, top };

struct SqlQuery {
  std::string name;
  std::string sql;
  std::vector<Bind> parameters;
  bool secret = false;  // as Query::secret
};

struct SqlLabel {
  std::string name;
  std::string column;
  std::map<std::string, std::string> map;
  std::optional<std::string> other;  // for texts that are not in the map; unset: they stay
  std::string null_as;
};

struct SqlValue {
  std::string label_value;  // empty where the metric has a single value
  std::string column;
};

// One metric; which members are used follows from its type (docs/CONFIGURATION.md).
struct SqlMetric {
  std::string name, help, unit;
  MetricType type = MetricType::gauge;
  std::size_t query = 0;  // index into SqlConfig::queries
  std::vector<SqlLabel> labels;
  std::map<std::string, std::string> static_labels;
  std::vector<SqlValue> values;
  std::string value_label;
  double scale = 1;
  std::map<std::string, double> map;
  std::optional<double> default_value;
  std::vector<std::vector<std::string>> expect;  // parallel to labels; empty: nothing expected
  std::vector<double> bounds;                    // histogram
  std::vector<std::string> bucket_columns;       // parallel to bounds; empty: from rows
  std::string sum_column, count_column;
  std::vector<std::string> states;
  std::string state_column;

  // Every column of the result that the metric reads.
  std::vector<std::string> columns() const;
};

struct SqlConfig {
  std::string collector;
  std::vector<SqlQuery> queries;
  std::vector<SqlMetric> metrics;
  std::uint64_t max_rows = 100'000;
  std::size_t max_series = 10'000;
  std::size_t max_label_length = 1024;
  OnNull on_null = OnNull::skip;
  OnEmpty on_empty = OnEmpty::absent;
  OnDuplicate on_duplicate = OnDuplicate::error;
  OnLimit on_limit = OnLimit::error;
};

// Reads the body of a collector of kind sql. Mistakes go to `problems`; the result is usable only
// if there are none.
SqlConfig read_sql_config(const CollectorConfig& collector, Problems& problems);

}  // namespace usage
