#include "tests/support/measure_sql.h"

#include "collectors/measures/window.h"
#include "exporter/format.h"

namespace usage::reference {

namespace {

using std::chrono::days;

constexpr char kSchema[] = R"(
DROP TABLE IF EXISTS users; DROP TABLE IF EXISTS visits;
CREATE TABLE users (id TEXT, internal INTEGER, eligible INTEGER, deleted_at {0});
CREATE TABLE visits (user_id TEXT, created_at {0});
)";
constexpr char kFeatureSchema[] = R"(
DROP TABLE IF EXISTS {0};
CREATE TABLE {0} (created_at {1}, user_id TEXT, success INTEGER, format TEXT);
)";

Value value_of(const std::optional<std::string>& text) {
  if (!text) return std::monostate();
  return std::string_view(*text);
}
Value value_of(const std::optional<Instant>& instant) {
  if (!instant) return std::monostate();
  return *instant;
}
Value value_of(bool flag) { return std::int64_t{flag}; }

template <typename Item, typename ToRow>
void insert(Writer& writer, const std::string& table, const std::vector<std::string>& columns,
            const std::vector<Item>& items, const ToRow& to_row) {
  std::size_t next = 0;
  std::vector<Value> row;
  writer.insert(table, columns, [&]() -> std::span<const Value> {
    if (next == items.size()) return {};
    row = to_row(items[next++]);
    return row;
  });
}

// In all that follows a bound is the name of a parameter.
std::string people(const std::string& end) {
  return format(
      "(SELECT id FROM users WHERE internal = 0 AND eligible = 1 AND (deleted_at IS NULL OR "
      "deleted_at >= {}))",
      end);
}

std::string rows(const std::string& table, const std::string& from, const std::string& to) {
  return format(" FROM {} WHERE created_at >= {} AND created_at < {}", table, from, to);
}

std::string users(const std::string& feature, const std::string& from, const std::string& to,
                  const std::string& end) {
  return format("SELECT user_id{} AND success = 1 AND user_id IN {}", rows(feature, from, to),
                people(end));
}

std::string active(const World& world, const std::string& from, const std::string& to,
                   const std::string& end) {
  std::string sql =
      format("SELECT user_id{} AND user_id IN {}", rows("visits", from, to), people(end));
  for (const auto& [name, shape] : world.shapes) sql += " UNION " + users(name, from, to, end);
  return sql;
}

// Not by an initializer list: GCC 12 warns of its strings at -O3.
std::vector<Parameter> parameters(const std::vector<Instant>& instants) {
  return {instants.begin(), instants.end()};
}

std::string count(const std::string& sql) {
  return format("SELECT COUNT(DISTINCT user_id) FROM ({}) AS found", sql);
}

}  // namespace

SqlMeasures::SqlMeasures(const testing::Place& place)
    : place_(place), source_(open_source(place.config(), clock_)) {}

void SqlMeasures::write(const World& world) {
  const auto writer = place_.writer();
  const char* time = writer->driver() == "sqlite" ? "TEXT" : "timestamptz";
  writer->begin();
  writer->execute(fmt::format(fmt::runtime(kSchema), time));
  insert(*writer, "users", {"id", "internal", "eligible", "deleted_at"}, world.people,
         [](const Person& person) {
           return std::vector<Value>{std::string_view(person.id), value_of(person.excluded),
                                     value_of(person.eligible), value_of(person.deleted_at)};
         });
  insert(*writer, "visits", {"user_id", "created_at"}, world.visits, [](const Visit& visit) {
    return std::vector<Value>{std::string_view(visit.user), visit.time};
  });
  for (const auto& [name, of_feature] : world.rows) {
    writer->execute(fmt::format(fmt::runtime(kFeatureSchema), name, time));
    const auto& dimensions = world.shapes.at(name).dimensions;
    const bool has_format = !dimensions.empty() && dimensions.front() == "format";
    insert(*writer, name, {"created_at", "user_id", "success", "format"}, of_feature,
           [&](const Row& row) {
             return std::vector<Value>{
                 row.time, value_of(row.user), value_of(row.success),
                 has_format ? Value(std::string_view(row.dimensions[0])) : Value()};
           });
  }
  writer->commit();
}

double SqlMeasures::number(const std::string& sql, const Bounds& bounds) {
  const auto table = testing::read(*source_, {sql, bounds});
  return static_cast<double>(std::get<std::int64_t>(table.rows.at(0).at(0)));
}

Series SqlMeasures::ask(const World& world, const UsageRules& rules, Instant at) {
  world_ = &world;
  rules_ = &rules;
  at_ = edge_at_or_before(at, world.width);
  series_.clear();
  ask_product();
  for (const auto& [name, shape] : world.shapes) {
    ask_windows(name);
    if (!shape.has_users) continue;
    ask_regulars(name);
    ask_weeks(name);
  }
  return series_;
}

void SqlMeasures::ask_product() {
  for (const Window& window : rules_->windows) {
    const Interval used = window_bounds(window, at_, false, world_->width, rules_->zone);
    const Bounds bounds = parameters({used.from, used.to});
    const double all = number(count(active(*world_, "$1", "$2", "$2")), bounds);
    series_["usage_active_users|" + window.label] = all;
    for (const Combination& combination : rules_->combinations) {
      std::string sql;
      for (const std::string& feature : combination.features) {
        const char* join = combination.all ? " INTERSECT " : " UNION ";
        sql += (sql.empty() ? "" : join) + users(feature, "$1", "$2", "$2");
      }
      const double together = number(count(sql), bounds);
      const std::string labels = "|" + combination.name + "|" + window.label;
      series_["usage_combination_users" + labels] = together;
      if (all > 0) series_["usage_combination_adoption_ratio" + labels] = together / all;
    }
  }
}

void SqlMeasures::ask_windows(const std::string& feature) {
  for (const Window& window : rules_->windows) {
    const Interval used = window_bounds(window, at_, false, world_->width, rules_->zone);
    const Bounds bounds = parameters({used.from, used.to});
    const std::string labels = "|" + feature + "|" + window.label;
    series_["usage_uses" + labels] =
        number("SELECT COUNT(*)" + rows(feature, "$1", "$2") +
                   " AND success = 1 AND (user_id IS NULL OR user_id NOT IN (SELECT id FROM users "
                   "WHERE internal = 1))",
               bounds);
    const auto& shape = world_->shapes.at(feature);
    if (!shape.dimensions.empty() && shape.dimensions.front() == "format" &&
        !rules_->features.at(feature).dimensions.front().allow_top) {
      ask_dimensions(feature, window.label, bounds);
    }
    if (!shape.has_users) continue;
    const double found = number(count(users(feature, "$1", "$2", "$2")), bounds);
    series_["usage_feature_users" + labels] = found;
    const double all = number(count(active(*world_, "$1", "$2", "$2")), bounds);
    if (all > 0) series_["usage_adoption_ratio" + labels] = found / all;
  }
}

void SqlMeasures::ask_dimensions(const std::string& feature, const std::string& window,
                                 const Bounds& bounds) {
  const std::string prefix = "usage_dimension_uses|" + feature + "|format|";
  for (const char* value : {"csv", "png", "gif", "other"}) {
    series_[prefix + value + "|" + window] = 0;
  }
  const std::string sql =
      "SELECT CASE WHEN format IN ('csv', 'png', 'gif') THEN format ELSE 'other' END AS value, "
      "COUNT(*)" +
      rows(feature, "$1", "$2") +
      " AND success = 1 AND (user_id IS NULL OR user_id NOT IN (SELECT id FROM users WHERE "
      "internal = 1)) GROUP BY 1";
  for (const auto& row : testing::read(*source_, {sql, bounds}).rows) {
    series_[prefix + std::get<std::string>(row[0]) + "|" + window] =
        static_cast<double>(std::get<std::int64_t>(row[1]));
  }
}

void SqlMeasures::ask_regulars(const std::string& feature) {
  const FeatureRules& rules = rules_->features.at(feature);
  std::optional<Instant> begin = rules.launched_at;
  for (const Row& row : world_->rows.at(feature)) {
    const Instant start = edge_at_or_before(row.time, world_->width);
    if (!rules.launched_at && (!begin || start < *begin)) begin = start;
  }
  if (!begin || *begin + rules.regular_min_periods * rules.regular_period > at_) return;
  std::vector<Instant> edges;
  std::string periods;
  for (int i = 0; i <= rules.regular_of_periods; ++i) {
    edges.push_back(at_ - i * rules.regular_period);
    if (i == 0) continue;
    periods += format("{}MAX(CASE WHEN created_at >= ${} AND created_at < ${} THEN 1 ELSE 0 END)",
                      i == 1 ? "" : " + ", i + 1, i);
  }
  const std::string first = format("${}", rules.regular_of_periods + 1);
  const double regular =
      number(count(format("{} GROUP BY user_id HAVING {} >= {}", users(feature, first, "$1", "$1"),
                          periods, rules.regular_min_periods)),
             parameters(edges));
  series_["usage_adoption_regular_users|" + feature] = regular;
  const double all =
      number(count(active(*world_, "$1", "$2", "$2")), parameters({edges.back(), at_}));
  if (all > 0) series_["usage_adoption_regular_ratio|" + feature] = regular / all;
}

void SqlMeasures::ask_weeks(const std::string& feature) {
  const TimeZone& zone = rules_->zone;
  const Instant week = zone.start_of(CalendarUnit::week, at_, -1);
  const Bounds bounds = parameters({zone.start_of(CalendarUnit::week, at_, -2), week,
                                    zone.start_of(CalendarUnit::week, at_, 0), Instant()});
  const std::string before = users(feature, "$1", "$2", "$3");
  const std::string now = users(feature, "$2", "$3", "$3");
  const std::string earlier = users(feature, "$4", "$1", "$3");
  const auto ask = [&](const std::string& key, const std::string& sql) {
    // A parameter that a statement does not use has no type in PostgreSQL.
    return series_[key] = number(count("SELECT user_id FROM (" + sql +
                                       ") AS f WHERE ($1 < $2 OR $2 < $3 OR $4 < $1)"),
                                 bounds);
  };
  const std::string state = "usage_lifecycle_users|" + feature + "|";
  const auto in = [](const std::string& a, const char* how, const std::string& b) {
    return a + " AND user_id " + how + " (" + b + ")";
  };
  ask(state + "new", in(in(now, "NOT IN", before), "NOT IN", earlier));
  ask(state + "retained", in(now, "IN", before));
  ask(state + "resurrected", in(in(now, "NOT IN", before), "IN", earlier));
  ask(state + "dormant", in(before, "NOT IN", now));

  const auto& launched = rules_->features.at(feature).launched_at;
  if (launched && *launched >= week) return;
  const std::string cohort_users = users(feature, "$1", "$2", "$2");
  const std::string seen = "SELECT user_id FROM (" + active(*world_, "$1", "$2", "$2") +
                           ") AS seen WHERE user_id IS NOT NULL";
  const std::string later = active(*world_, "$2", "$3", "$3");
  for (const bool is_user : {true, false}) {
    const std::string labels = "|" + feature + (is_user ? "|user" : "|non_user") + "|last_week";
    const std::string cohort = is_user ? cohort_users : in(seen, "NOT IN", cohort_users);
    const double all = ask("usage_retention_cohort_users" + labels, cohort);
    const double retained = ask("usage_retention_retained_users" + labels, in(cohort, "IN", later));
    if (all > 0) series_["usage_retention_ratio" + labels] = retained / all;
  }
}

}  // namespace usage::reference
