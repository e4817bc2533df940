#include "collectors/usage/reading/rows.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "collectors/sources/drivers.h"
#include "exporter/base/diagnostics.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/strings.h"
#include "exporter/base/timestamps.h"

namespace usage {

namespace {

using std::chrono::hours;

// Columns of the journal (collectors/events/journal.h).
constexpr char kEventSource[] = "source";
constexpr char kEventName[] = "event";
constexpr char kEventFields[] = "fields";

}  // namespace

// Through the alias: SQLite reads a quoted name that is no column as a text otherwise.
std::string Select::column_of(std::string_view name) const {
  return "t." + dialect_->quoted_name(name);
}

std::string Select::sql_of(const Expression& expression) const {
  const std::string column = column_of(expression.column);
  return expression.path.empty() ? column : dialect_->json_field(column, expression.path);
}

std::optional<std::size_t> Select::add(const std::string& column, const std::string& path) {
  if (column.empty()) {
    return std::nullopt;
  }
  const Expression wanted{column, path};
  const auto found = std::find(columns_.begin(), columns_.end(), wanted);
  if (found == columns_.end()) {
    columns_.push_back(wanted);
    return columns_.size() - 1;
  }
  return static_cast<std::size_t>(found - columns_.begin());
}

std::optional<std::size_t> Select::add(const std::string& name, const TableConfig& table) {
  return table.events.empty() || name.empty() ? add(name, "") : add(kEventFields, name);
}

void Select::restrict_to(const TableConfig& table, const SourceConfig& source) {
  secret_ = table.secret;
  if (!table.events.empty()) {
    of_events_ = true;
    only_.push_back({{kEventSource, ""}, {source.name}});
    only_.push_back({{kEventName, ""}, table.events});
  }
  for (const auto& [name, listed] : table.where) {
    std::vector<std::string> values = listed;
    for (const auto& [word, digit] : {std::pair("true", "1"), std::pair("false", "0")}) {
      if (!dialect_->has_booleans() &&
          std::find(values.begin(), values.end(), word) != values.end()) {
        values.emplace_back(digit);
      }
    }
    only_.push_back({table.events.empty() ? Expression{name, ""} : Expression{kEventFields, name},
                     std::move(values)});
  }
}

Query Select::query(std::string sql, std::vector<Parameter> times) const {
  for (const auto& [column, values] : only_) {
    times.insert(times.end(), values.begin(), values.end());
  }
  return {.sql = std::move(sql), .parameters = std::move(times), .secret = secret_};
}

std::string Select::conditions(int first_parameter) const {
  std::string text;
  for (const auto& [column, values] : only_) {
    std::string list;
    for (std::size_t i = 0; i < values.size(); ++i) {
      list += fmt::format("{}${}", list.empty() ? "" : ", ", first_parameter++);
    }
    // A column gives the values it is compared with its type; a field has none to give.
    const std::string compared =
        column.path.empty() ? sql_of(column) : fmt::format("CAST({} AS TEXT)", sql_of(column));
    text += fmt::format(" AND {} IN ({})", compared, list);
  }
  return text;
}

std::string Select::list() const {
  std::string text;
  for (const Expression& column : columns_) {
    text += (text.empty() ? "" : ", ") + sql_of(column);
  }
  return text;
}

std::string Select::from() const {
  std::string text = " FROM ";  // "schema"."table"
  std::string_view rest = table_;
  for (auto dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
    text += dialect_->quoted_name(rest.substr(0, dot)) + '.';
    rest.remove_prefix(dot + 1);
  }
  return text + dialect_->quoted_name(rest) + " t";
}

std::string Select::sql() const { return "SELECT " + list() + from(); }

std::string Select::sql_between(const std::string& time) const {
  return fmt::format("{} WHERE {} >= $1 AND {} < $2{}", sql(), column_of(time), column_of(time),
                     conditions(3));
}

std::string Select::sql_in_order(const std::string& time) const {
  std::string order = column_of(time);
  if (of_events_) {
    order += ", " + column_of("id");
  } else {
    for (const Expression& column : columns_) {
      order += column.column == time ? "" : ", " + sql_of(column);
    }
  }
  return fmt::format("{} ORDER BY {}", sql_between(time), order);
}

std::string Select::sql_oldest(const std::string& time) const {
  return fmt::format("SELECT MIN({}){} WHERE {} >= $1{}", column_of(time), from(), column_of(time),
                     conditions(2));
}

std::vector<Column> Select::check(Source& source, const Query& query, Deadline deadline) const {
  std::vector<std::string> known;
  for (const Column& column : source.describe({"SELECT *" + from(), {}}, deadline)) {
    known.push_back(column.name);
  }
  std::vector<std::string> named;
  for (const Expression& column : columns_) {
    named.push_back(column.column);
  }
  for (const auto& [column, values] : only_) {
    named.push_back(column.column);
  }
  for (const std::string& column : named) {
    if (std::find(known.begin(), known.end(), column) == known.end()) {
      throw Error(Reason::query, fmt::format("{}: the table \"{}\" has no column \"{}\"{}", owner_,
                                             table_, column, did_you_mean(column, known)));
    }
  }
  return source.describe(query, deadline);
}

std::vector<Parameter> bounds(const Interval& interval, const SourceConfig& source,
                              std::optional<TimeFormat> time_format) {
  const Dialect& dialect = dialect_of(source);
  const TimeFormat stored = time_format_of(source, time_format);
  return {dialect.time_bound(interval.from, stored), dialect.time_bound(interval.to, stored)};
}

std::optional<Instant> instant_of(const Value& value, const std::string& column,
                                  TimeFormat time_format) {
  std::optional<Instant> instant;
  if (std::holds_alternative<std::monostate>(value)) {
    return std::nullopt;
  }
  if (const auto* const held = std::get_if<Instant>(&value)) {
    return *held;
  }
  if (const auto* const text = std::get_if<std::string_view>(&value)) {
    instant = parse_sql_time(*text);
  } else if (time_format == TimeFormat::unix || time_format == TimeFormat::unix_ms) {
    const Duration unit = time_format == TimeFormat::unix ? Duration(std::chrono::seconds(1))
                                                          : std::chrono::milliseconds(1);
    if (const auto* const integer = std::get_if<std::int64_t>(&value)) {
      instant = instant_since_1970(static_cast<double>(*integer), unit);
    } else if (const auto* const real = std::get_if<double>(&value)) {
      instant = instant_since_1970(*real, unit);
    }
  }
  if (!instant) {
    throw Error(Reason::data,
                fmt::format("column \"{}\" holds a value that is no time as time_format "
                            "says; set it to how the column is written: text, iso8601, "
                            "unix or unix_ms",
                            column));
  }
  return instant;
}

std::optional<std::string_view> text_of(const Value& value, std::string& buffer) {
  if (const auto* const text = std::get_if<std::string_view>(&value)) {
    return *text;
  }
  if (const auto* const held = std::get_if<bool>(&value)) {
    return *held ? "true" : "false";
  }
  if (const auto* const instant = std::get_if<Instant>(&value)) {
    buffer = format_rfc3339(*instant);
    return buffer;
  }
  buffer.resize(32);
  std::to_chars_result written{};
  if (const auto* const integer = std::get_if<std::int64_t>(&value)) {
    written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), *integer);
  } else if (const auto* const real = std::get_if<double>(&value)) {
    written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), *real);
  } else {
    return std::nullopt;
  }
  return std::string_view(buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data()));
}

std::optional<double> number_of(const Value& value) {
  if (const auto* const integer = std::get_if<std::int64_t>(&value)) {
    return static_cast<double>(*integer);
  }
  if (const auto* const real = std::get_if<double>(&value)) {
    return std::isfinite(*real) ? std::optional(*real) : std::nullopt;
  }
  if (const auto* const text = std::get_if<std::string_view>(&value)) {
    const auto number = parse_number<double>(*text);
    return number && std::isfinite(*number) ? number : std::nullopt;
  }
  return std::nullopt;
}

bool is_one_of(std::string_view text, const std::vector<std::string>& values) {
  return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
    return text == value || (value == "true" && text == "1") || (value == "false" && text == "0");
  });
}

TimeFormat time_format_of(const SourceConfig& source, std::optional<TimeFormat> own) {
  return own.value_or(source.time_format);
}

Instant bucket_of(Instant time, const Interval& interval, Duration width,
                  const TableConfig& table) {
  if (time >= interval.from && time < interval.to) {
    return interval.from + (time - interval.from) / width * width;
  }
  if (time < interval.from - hours(2) || time >= interval.to + hours(2)) {
    throw Error(
        Reason::data,
        fmt::format("column \"{}\" of table \"{}\" holds times that do not sort as they pass, "
                    "such as texts with different offsets from UTC; make a view that gives "
                    "them in UTC",
                    table.time, table.table));
  }
  return time < interval.from ? interval.from : interval.to - width;
}

std::optional<Instant> oldest_row(Source& source, const SourceConfig& config, const Select& select,
                                  const TableConfig& table, Instant from, Deadline deadline) {
  std::optional<Instant> oldest;
  const RowSink sink{.columns = [](std::span<const Column>) {},
                     .rows = row_by_row([&](std::span<const Value> row) {
                       oldest = instant_of(row[0], table.time,
                                           time_format_of(config, table.time_format));
                     })};
  const std::vector<Parameter> both = bounds({from, from}, config, table.time_format);
  source.scan(select.query(select.sql_oldest(table.time), {both.front()}), deadline, sink);
  return oldest;
}

ColumnCheck check_columns(Source& source, const Select& select, const std::string& name,
                          const Query& query, Deadline deadline) {
  ColumnCheck check{name, {}};
  for (const Column& column : select.check(source, query, deadline)) {
    check.columns.push_back(column.database_type.empty()
                                ? column.name
                                : fmt::format("{} ({})", column.name, column.database_type));
  }
  return check;
}

}  // namespace usage
