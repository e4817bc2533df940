#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/api/collector.h"
#include "collectors/api/dialect.h"
#include "collectors/api/source.h"
#include "collectors/facts/feature_facts.h"
#include "collectors/usage/config/usage_config.h"

// How the tables of features and of the population are asked for, whatever the database.
namespace usage {

// A SELECT of some columns of a table: each column once, in the order in which they were added.
class Select {
 public:
  Select(std::string table, std::string owner, const Dialect& dialect)
      : table_(std::move(table)), owner_(std::move(owner)), dialect_(&dialect) {}

  // Its place in the row; nullopt for an empty name.
  std::optional<std::size_t> add(const std::string& column) { return add(column, ""); }
  // The same of what a row of this table calls so: a column, or a field of an event.
  std::optional<std::size_t> add(const std::string& name, const TableConfig& table);
  // Only the rows that TableConfig::events and TableConfig::where want.
  void restrict_to(const TableConfig& table, const SourceConfig& source);

  std::size_t columns() const { return columns_.size(); }
  std::string sql() const;
  // With `time >= $1 AND time < $2`.
  std::string sql_between(const std::string& time) const;
  // The same in order: of time, then as events came, or by the other columns.
  std::string sql_in_order(const std::string& time) const;
  std::string sql_oldest(const std::string& time) const;
  // One of the statements with its parameters: the times, then the values of restrict_to().
  Query query(std::string sql, std::vector<Parameter> times) const;

  // Prepares the statement and tells the columns. Error(query) names a column that the table lacks,
  // and the nearest that it has; `owner` says whose columns they are: `feature "export"`.
  std::vector<Column> check(Source& source, const Query& query, Deadline deadline) const;

 private:
  // A column of the table, or a value in the JSON object that a column holds.
  struct Expression {
    std::string column, path;
    bool operator==(const Expression&) const = default;
  };
  std::optional<std::size_t> add(const std::string& column, const std::string& path);
  std::string column_of(std::string_view name) const;
  std::string sql_of(const Expression& expression) const;
  std::string list() const;
  std::string from() const;
  std::string conditions(int first_parameter) const;

  std::string table_, owner_;
  const Dialect* dialect_;
  std::vector<Expression> columns_;
  bool of_events_ = false;
  std::vector<std::pair<Expression, std::vector<std::string>>> only_;
  bool secret_ = false;  // a value of only_
};

// What `check` says of the columns; throws as Select::check() does.
ColumnCheck check_columns(Source& source, const Select& select, const std::string& name,
                          const Query& query, Deadline deadline);

// The bucket of a row that the database found in the interval. A local time that a clock change
// shows twice may be another hour to the database than to the driver: the database decides.
// Error(data) for a time that is far outside.
Instant bucket_of(Instant time, const Interval& interval, Duration width, const TableConfig& table);

// The time of the oldest row not before `from`.
std::optional<Instant> oldest_row(Source& source, const SourceConfig& config, const Select& select,
                                  const TableConfig& table, Instant from, Deadline deadline);

// A table's own, or the source's.
TimeFormat time_format_of(const SourceConfig& source, std::optional<TimeFormat> own);

// Bounds of a time column; see Dialect::time_bound().
std::vector<Parameter> bounds(const Interval& interval, const SourceConfig& source,
                              std::optional<TimeFormat> time_format);

// A cell as a time; nullopt for NULL. Error(data) when it is none, naming the column.
std::optional<Instant> instant_of(const Value& value, const std::string& column,
                                  TimeFormat time_format);

// A cell as text: integers in decimal, booleans true and false; nullopt for NULL. The view points
// into the value or into `buffer`.
std::optional<std::string_view> text_of(const Value& value, std::string& buffer);

// A cell as a number; nullopt for NULL and for what is none.
std::optional<double> number_of(const Value& value);

// Whether a cell's text is one of the values. `true` is also 1, and `false` 0, for databases
// without a type for them.
bool is_one_of(std::string_view text, const std::vector<std::string>& values);

}  // namespace usage
