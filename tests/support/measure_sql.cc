#include "tests/support/measure_sql.h"

#include <fstream>
#include <stdexcept>

#include "collectors/measures/context/window.h"
#include "collectors/sources/drivers.h"
#include "exporter/base/format.h"
#include "tests/support/source_path.h"

namespace usage::reference {

namespace {

constexpr std::string_view kHeading = "-- = ";

// By heading.
std::map<std::string, std::string, std::less<>> read_statements() {
  std::ifstream file(source_path("tests/support/measures.sql"));
  std::map<std::string, std::string, std::less<>> statements;
  std::string* text = nullptr;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kHeading)) {
      text = &statements[line.substr(kHeading.size())];
    } else if (text != nullptr) {
      *text += line + "\n";
    }
  }
  return statements;
}

// A cell that owns its text.
using Cell = testing::Kept;
using Rows = std::vector<std::vector<Cell>>;

Cell cell(Instant instant) { return std::int64_t{instant.time_since_epoch().count()}; }
Cell cell(Duration duration) { return std::int64_t{duration.count()}; }
Cell cell(bool flag) { return std::int64_t{flag}; }
Cell cell(int number) { return std::int64_t{number}; }
Cell cell(std::size_t number) { return static_cast<std::int64_t>(number); }
Cell cell(double number) { return number; }
Cell cell(const std::string& text) { return text; }
Cell cell(const char* text) { return std::string(text); }
Cell cell(Cell kept) { return kept; }
template <typename Item>
Cell cell(const std::optional<Item>& item) {
  return item ? cell(*item) : Cell();
}

template <typename... Items>
std::vector<Cell> row_of(const Items&... items) {
  std::vector<Cell> row;
  row.reserve(sizeof...(items));
  (row.push_back(cell(items)), ...);
  return row;
}

// What was deleted by a transaction stays in PostgreSQL's tables, and would be read again and
// again.
void clear(Writer& writer, const std::string& table) {
  writer.execute((writer.driver() == "postgresql" ? "TRUNCATE " : "DELETE FROM ") + table);
}

void replace(Writer& writer, const std::string& table, const std::vector<std::string>& columns,
             const Rows& rows) {
  clear(writer, table);
  std::size_t next = 0;
  std::vector<Value> values;
  writer.insert(table, columns, [&]() -> std::span<const Value> {
    values.clear();
    if (next == rows.size()) return {};
    for (const Cell& kept : rows[next]) {
      values.push_back(std::visit([](const auto& held) -> Value { return held; }, kept));
    }
    ++next;
    return values;
  });
}

const char* name_of(CalendarUnit unit) {
  return unit == CalendarUnit::day ? "day" : unit == CalendarUnit::week ? "week" : "month";
}

// The tables as a product has them, for the collector to read.
std::vector<std::string> views(bool postgres) {
  const auto time = [&](const std::string& column) {
    return postgres
               ? fmt::format("timestamptz 'epoch' + {0} * interval '1 microsecond' AS {0}", column)
               : fmt::format(
                     "strftime('%Y-%m-%d %H:%M:%S', {0} / 1000000, 'unixepoch') || "
                     "printf('.%06d', {0} % 1000000) AS {0}",
                     column);
  };
  std::vector<std::string> statements{
      fmt::format(
          "CREATE VIEW read_people AS SELECT id, internal, eligible, {}, {}, team FROM people",
          time("created"), time("deleted")),
      fmt::format("CREATE VIEW read_visits AS SELECT user_id, {} FROM visits", time("at"))};
  for (const char* feature : {"export", "share", "search"}) {
    statements.push_back(fmt::format(
        "CREATE VIEW read_{0} AS SELECT {1}, user_id, success, reason, scope, duration, size",
        feature, time("at")));
    for (const char* dimension : {"format", "report_type"}) {
      statements.back() += fmt::format(
          ", (SELECT value FROM use_values v WHERE v.use_id = r.id AND v.dimension = '{0}') AS {0}",
          dimension);
    }
    statements.back() += fmt::format(" FROM raw_uses r WHERE feature = '{}'", feature);
  }
  return statements;
}

std::string text_of(const Cell& cell) {
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return std::to_string(*number);
  return std::get<std::string>(cell);
}

std::optional<double> number_of(const Cell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  if (std::holds_alternative<std::monostate>(cell)) return std::nullopt;
  throw std::logic_error("a measure in SQL gives no number");
}

}  // namespace

SqlMeasures::SqlMeasures(const testing::Place& place)
    : place_(place),
      writer_(place.writer()),
      source_(open_source(place.config(), clock_)),
      statements_(read_statements()) {
  if (writer_->driver() == "postgresql") {
    // It would compile statements about a handful of rows for seconds.
    writer_->execute("ALTER ROLE ALL SET jit = off; SET jit = off");
  }
  writer_->execute(statements_.at("schema"));
  for (const std::string& view : views(writer_->driver() == "postgresql")) {
    writer_->execute(view);
  }
}

bool SqlMeasures::has(std::string_view measure) const { return statements_.contains(measure); }

void SqlMeasures::write(const World& world) {
  Rows people, visits, uses, values;
  for (const Person& person : world.people) {
    people.push_back(row_of(person.id, person.excluded, person.eligible, person.created_at,
                            person.deleted_at, person.team));
  }
  for (const Visit& visit : world.visits) visits.push_back(row_of(visit.user, visit.time));
  for (const auto& [name, rows] : world.rows) {
    const auto& dimensions = world.shapes.at(name).dimensions;
    for (const Row& row : rows) {
      const std::size_t id = uses.size();
      uses.push_back(row_of(id, name, row.time, row.user, row.success, row.reason, row.scope,
                            row.duration, row.size));
      for (std::size_t d = 0; d < dimensions.size(); ++d) {
        values.push_back(row_of(id, dimensions[d], row.dimensions[d]));
      }
    }
  }
  writer_->begin();
  replace(*writer_, "people", {"id", "internal", "eligible", "created", "deleted", "team"}, people);
  replace(*writer_, "visits", {"user_id", "at"}, visits);
  replace(*writer_, "raw_uses",
          {"id", "feature", "at", "user_id", "success", "reason", "scope", "duration", "size"},
          uses);
  replace(*writer_, "use_values", {"use_id", "dimension", "value"}, values);
  writer_->commit();
}

void SqlMeasures::write_rules(const World& world, const UsageRules& rules) {
  Rows features, reasons, bounds, dims, allowed, windows, combos;
  for (const auto& [name, shape] : world.shapes) {
    const FeatureRules& rule = rules.features.at(name);
    features.push_back(row_of(name, shape.has_users, shape.has_outcome, shape.has_scope,
                              rule.launched_at, rule.regular_min_periods, rule.regular_of_periods,
                              rule.regular_period, rule.power_min_active_days,
                              rule.core_min_active_days, rule.at_risk_silent_for,
                              rule.at_risk_was_regular_within));
    for (const std::string& reason : shape.reasons) reasons.push_back(row_of(name, reason));
    for (const double bound : shape.duration_bounds) {
      bounds.push_back(row_of(name, "duration", fmt::format("{}", bound), bound));
    }
    for (const double bound : shape.size_bounds) {
      bounds.push_back(row_of(name, "size", fmt::format("{}", bound), bound));
    }
    for (std::size_t d = 0; d < shape.dimensions.size(); ++d) {
      dims.push_back(row_of(name, shape.dimensions[d], rule.dimensions[d].allow_top));
      for (const std::string& value : rule.dimensions[d].allow) {
        allowed.push_back(row_of(name, shape.dimensions[d], value, allowed.size()));
      }
    }
  }
  for (const Window& window : rules.windows) {
    windows.push_back(window.rolling
                          ? row_of(window.label, window.rolling, Cell(), 0)
                          : row_of(window.label, Cell(), name_of(window.unit), window.offset));
  }
  for (const Combination& combination : rules.combinations) {
    for (const std::string& feature : combination.features) {
      combos.push_back(row_of(combination.name, combination.all, feature));
    }
  }
  replace(*writer_, "features",
          {"name", "has_users", "has_outcome", "has_scope", "launched", "min_periods", "of_periods",
           "period", "power", "core", "silent", "within"},
          features);
  replace(*writer_, "reasons", {"feature", "reason"}, reasons);
  replace(*writer_, "bounds", {"feature", "kind", "le", "bound"}, bounds);
  replace(*writer_, "dims", {"feature", "dimension", "top"}, dims);
  replace(*writer_, "allowed", {"feature", "dimension", "value", "place"}, allowed);
  replace(*writer_, "windows", {"label", "length", "unit", "back"}, windows);
  replace(*writer_, "combos", {"name", "is_all", "feature"}, combos);
}

void SqlMeasures::write_calendar(const TimeZone& zone, Instant at) {
  Rows calendar;
  for (const auto& [unit, most] :
       {std::pair(CalendarUnit::day, 28), {CalendarUnit::week, 4}, {CalendarUnit::month, 4}}) {
    for (int n = -most; n <= 0; ++n) {
      calendar.push_back(
          row_of(name_of(unit), n, zone.start_of(unit, at, n), zone.start_of(unit, at, n + 1)));
    }
  }
  replace(*writer_, "calendar", {"unit", "n", "first", "stop"}, calendar);
}

Series SqlMeasures::ask(const World& world, const UsageRules& rules, Instant at, bool live) {
  const Instant as_of = live ? at : edge_at_or_before(at, world.width);
  writer_->begin();
  replace(*writer_, "asked", {"as_of", "stop", "width", "zone", "k", "users_table"},
          {row_of(as_of, edge_at_or_after(as_of, world.width), world.width, rules.zone.name(),
                  static_cast<std::size_t>(rules.k_anonymity), world.has_users_table)});
  write_rules(world, rules);
  if (writer_->driver() == "postgresql") {
    clear(*writer_, "calendar");
    writer_->execute(statements_.at("calendar of postgresql"));
  } else {
    write_calendar(rules.zone, as_of);
  }
  for (const char* table : {"uses", "acts", "who", "spans", "used", "seen", "labels", "tagged",
                            "members", "cells", "hidden"}) {
    clear(*writer_, table);
  }
  writer_->execute(statements_.at("prepare"));
  writer_->commit();
  series_.clear();
  for (const auto& [name, sql] : statements_) {
    if (name.starts_with("usage_")) add_series(name);
  }
  return series_;
}

void SqlMeasures::add_series(const std::string& measure) {
  const bool histogram =
      measure == "usage_operation_duration_seconds" || measure == "usage_payload_bytes";
  for (const auto& row : testing::read(*source_, {statements_.at(measure), {}}).rows) {
    const auto value = number_of(row.back());
    if (!value) continue;
    const bool sum = histogram && text_of(row[1]).empty();
    std::string key = measure + (!histogram ? "" : sum ? "_sum" : "_bucket");
    for (std::size_t i = 0; i + 1 < row.size() - (sum ? 1 : 0); ++i) key += "|" + text_of(row[i]);
    if (!series_.emplace(key, *value).second) throw std::logic_error("SQL has two series " + key);
  }
}

}  // namespace usage::reference
