#include "collectors/usage_reader.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "collectors/usage_packer.h"
#include "exporter/error.h"
#include "exporter/format.h"

namespace usage {

namespace {

using std::chrono::hours;

TimeFormat time_format_of(const SourceConfig& source, std::optional<TimeFormat> own) {
  return own.value_or(source.time_format);
}

// The bucket of a row that the database found in the interval. A local time that a clock change
// shows twice may be another hour to the database than to the driver: the database decides.
Instant bucket_of(Instant time, const Interval& interval, Duration width,
                  const TableConfig& table) {
  if (time >= interval.from && time < interval.to) {
    return interval.from + (time - interval.from) / width * width;
  }
  if (time < interval.from - hours(2) || time >= interval.to + hours(2)) {
    throw Error(Reason::data,
                format("column \"{}\" of table \"{}\" holds times that do not sort as they pass, "
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
                     .row =
                         [&](std::span<const Value> row) {
                           oldest = instant_of(row[0], table.time,
                                               time_format_of(config, table.time_format));
                         }};
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
                                : format("{} ({})", column.name, column.database_type));
  }
  return check;
}

std::string number_text(double value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

// The name of a number's bucket, as the config's reader names them.
std::string bucket_name(double value, const std::vector<double>& bounds) {
  const auto bound = std::lower_bound(bounds.begin(), bounds.end(), value);
  return bound == bounds.end() ? ">" + number_text(bounds.back()) : "<=" + number_text(*bound);
}

}  // namespace

// What the views of a Fact point into.
struct FeatureReader::Texts {
  std::string user, outcome, reason, scope;
  std::vector<std::string> buffers;
  std::vector<std::string_view> dimensions;
};

FeatureReader::FeatureReader(const FeatureConfig& config, const SourceConfig& source)
    : config_(config),
      source_(source),
      select_(config.uses.table, format("feature \"{}\"", config.shape.name)) {
  select_.only(config.uses, source);
  time_ = *select_.add(config.uses.time);
  user_ = select_.add(config.uses.user);
  outcome_ = select_.add(config.outcome ? config.outcome->column : "");
  reason_ = select_.add(config.reason);
  scope_ = select_.add(config.scope);
  duration_ = select_.add(config.duration ? config.duration->column : "");
  size_ = select_.add(config.size ? config.size->column : "");
  for (const DimensionConfig& dimension : config.dimensions) {
    dimensions_.push_back(*select_.add(dimension.column));
  }
}

std::optional<Fact> FeatureReader::fact_of(std::span<const Value> row, Texts& texts) const {
  Fact fact;
  const auto time =
      instant_of(row[time_], config_.uses.time, time_format_of(source_, config_.uses.time_format));
  if (!time) {
    return std::nullopt;
  }
  fact.time = *time;
  if (outcome_) {
    const auto outcome = text_of(row[*outcome_], texts.outcome);
    const OutcomeConfig& wanted = *config_.outcome;
    const bool succeeded = outcome && is_one_of(*outcome, wanted.success);
    const bool failed = outcome && is_one_of(*outcome, wanted.failure);
    if (!outcome || (!succeeded && !failed && !wanted.success.empty() && !wanted.failure.empty())) {
      return std::nullopt;  // begun, and not ended yet
    }
    fact.success = succeeded || (wanted.success.empty() && !failed);
  }
  if (user_) {
    fact.user = text_of(row[*user_], texts.user);
  }
  if (reason_) {
    fact.reason = text_of(row[*reason_], texts.reason).value_or("");
  }
  if (scope_) {
    fact.scope = text_of(row[*scope_], texts.scope);
  }
  const auto scaled = [&](std::size_t place, double scale) {
    const auto number = number_of(row[place]);
    return number ? std::optional(*number * scale) : std::nullopt;
  };
  if (duration_) {
    fact.duration_seconds = scaled(*duration_, config_.duration->scale);
  }
  if (size_) {
    fact.size_bytes = scaled(*size_, config_.size->scale);
  }
  for (std::size_t i = 0; i < dimensions_.size(); ++i) {
    const DimensionConfig& dimension = config_.dimensions[i];
    const Value& value = row[dimensions_[i]];
    if (dimension.buckets.empty()) {
      texts.dimensions[i] = text_of(value, texts.buffers[i]).value_or(dimension.null_as);
    } else if (const auto number = number_of(value)) {
      texts.dimensions[i] = texts.buffers[i] = bucket_name(*number, dimension.buckets);
    } else {
      texts.dimensions[i] = dimension.null_as;
    }
  }
  fact.dimensions = texts.dimensions;
  return fact;
}

Found<Bucket> FeatureReader::read(Source& source, const Interval& interval, Duration width,
                                  bool many, Deadline deadline, SharedFacts& shared) const {
  Found<Bucket> found;
  Texts texts;
  texts.buffers.resize(dimensions_.size());
  texts.dimensions.resize(dimensions_.size());
  FeatureNames& names = [&]() -> FeatureNames& {
    const std::scoped_lock lock(shared.mutex);
    return shared.facts.features.at(config_.shape.name).names();
  }();
  std::optional<Instant> start;  // of the bucket that the last row fell into
  Bucket* bucket = nullptr;
  Packer packer(many);
  const RowSink sink{.columns = [](std::span<const Column>) {},
                     .row =
                         [&](std::span<const Value> row) {
                           ++found.rows;
                           const std::optional<Fact> fact = fact_of(row, texts);
                           if (!fact) {
                             return;
                           }
                           const Instant at = bucket_of(fact->time, interval, width, config_.uses);
                           if (at != start) {
                             const auto [place, fresh] =
                                 found.buckets.try_emplace(at, config_.shape);
                             if (!fresh) {
                               packer.wait();  // it may be with the packer
                             } else if (bucket != nullptr) {
                               packer.pack(*bucket);  // most tables are in the order of time
                             }
                             bucket = &place->second;
                             start = at;
                           }
                           found.newest = std::max(found.newest.value_or(fact->time), fact->time);
                           const std::scoped_lock lock(shared.mutex);
                           bucket->add(*fact, config_.shape, shared.facts.users, names);
                         }};
  Query query = select_.query(sql(), bounds(interval, source_, config_.uses.time_format));
  query.many = many;
  source.scan(query, deadline, sink);
  packer.wait();
  return found;
}

std::optional<Instant> FeatureReader::oldest(Source& source, Instant from,
                                             Deadline deadline) const {
  return oldest_row(source, source_, select_, config_.uses, from, deadline);
}

ColumnCheck FeatureReader::check(Source& source, Instant now, Deadline deadline) const {
  return check_columns(source, select_, format("feature {}", config_.shape.name),
                       select_.query(sql(), bounds({now, now}, source_, config_.uses.time_format)),
                       deadline);
}

ActivityReader::ActivityReader(const std::vector<TableConfig>& tables, const SourceConfig& source)
    : tables_(tables), source_(source) {
  for (const TableConfig& table : tables_) {
    Select select(table.table, "\"activity\"");
    select.add(table.time);
    select.add(table.user);
    select.only(table, source);
    selects_.push_back(std::move(select));
  }
}

std::vector<std::string> ActivityReader::sql() const {
  std::vector<std::string> statements;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    statements.push_back(selects_[i].sql_between(tables_[i].time));
  }
  return statements;
}

Found<UserSet> ActivityReader::read(Source& source, const Interval& interval, Duration width,
                                    bool many, Deadline deadline, SharedFacts& shared) const {
  Found<UserSet> found;
  std::string buffer;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const TableConfig& table = tables_[i];
    const auto user_place = selects_[i].columns().size() - 1;  // time and user may be one column
    const RowSink sink{.columns = [](std::span<const Column>) {},
                       .row =
                           [&](std::span<const Value> row) {
                             ++found.rows;
                             const auto time = instant_of(
                                 row[0], table.time, time_format_of(source_, table.time_format));
                             const auto user = text_of(row[user_place], buffer);
                             if (!time || !user) {
                               return;
                             }
                             found.newest = std::max(found.newest.value_or(*time), *time);
                             UserSet& users =
                                 found.buckets[bucket_of(*time, interval, width, table)];
                             const std::scoped_lock lock(shared.mutex);
                             users.add(shared.facts.users.id_of(*user));
                           }};
    Query query = selects_[i].query(selects_[i].sql_between(table.time),
                                    bounds(interval, source_, table.time_format));
    query.many = many;
    source.scan(query, deadline, sink);
  }
  return found;
}

std::optional<Instant> ActivityReader::oldest(Source& source, Instant from,
                                              Deadline deadline) const {
  std::optional<Instant> oldest;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const auto found = oldest_row(source, source_, selects_[i], tables_[i], from, deadline);
    if (found) {
      oldest = std::min(oldest.value_or(*found), *found);
    }
  }
  return oldest;
}

std::vector<ColumnCheck> ActivityReader::check(Source& source, Instant now,
                                               Deadline deadline) const {
  std::vector<ColumnCheck> checks;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const TableConfig& table = tables_[i];
    checks.push_back(
        check_columns(source, selects_[i], format("activity {}", table.table),
                      selects_[i].query(selects_[i].sql_between(table.time),
                                        bounds({now, now}, source_, table.time_format)),
                      deadline));
  }
  return checks;
}

UsersReader::UsersReader(const UsersConfig& config, const SourceConfig& source)
    : config_(config),
      time_format_(time_format_of(source, config.time_format)),
      select_(config.table, "\"users\"") {
  id_ = *select_.add(config.id);
  created_at_ = select_.add(config.created_at);
  deleted_at_ = select_.add(config.deleted_at);
  team_ = select_.add(config.team);
  account_ = select_.add(config.account);
  exclude_ = select_.add(config.exclude.column);
  eligible_ = select_.add(config.eligible.column);
}

UserAttributes UsersReader::attributes_of(std::span<const Value> row,
                                          Population& population) const {
  UserAttributes user;
  std::string buffer;
  const auto matches = [&](std::size_t place, const UsersConfig::Condition& condition) {
    const auto text = text_of(row[place], buffer);
    return text && is_one_of(*text, condition.values);
  };
  const auto number = [&](std::size_t place, Directory& names) {
    const auto text = text_of(row[place], buffer);
    return text ? std::optional(names.id_of(*text)) : std::nullopt;
  };
  user.known = true;
  user.excluded = exclude_ && matches(*exclude_, config_.exclude);
  user.eligible = !eligible_ || matches(*eligible_, config_.eligible);
  if (created_at_) {
    user.created_at = instant_of(row[*created_at_], config_.created_at, time_format_);
  }
  if (deleted_at_) {
    user.deleted_at = instant_of(row[*deleted_at_], config_.deleted_at, time_format_);
  }
  if (team_) {
    user.team = number(*team_, population.teams);
  }
  if (account_) {
    user.account = number(*account_, population.accounts);
  }
  return user;
}

std::uint64_t UsersReader::read(Source& source, Deadline deadline, SharedFacts& shared) const {
  Population population;
  population.has_users_table = true;
  std::uint64_t rows = 0;
  std::string buffer;
  const RowSink sink{.columns = [](std::span<const Column>) {},
                     .row =
                         [&](std::span<const Value> row) {
                           ++rows;
                           const auto id = text_of(row[id_], buffer);
                           if (!id) {
                             return;
                           }
                           const UserAttributes user = attributes_of(row, population);
                           const std::scoped_lock lock(shared.mutex);
                           const UserId number = shared.facts.users.id_of(*id);
                           if (population.attributes.size() <= number) {
                             population.attributes.resize(number + 1);
                           }
                           population.attributes[number] = user;
                         }};
  source.scan({select_.sql(), {}}, deadline, sink);
  const std::scoped_lock lock(shared.mutex);
  shared.facts.population = std::move(population);
  return rows;
}

ColumnCheck UsersReader::check(Source& source, Deadline deadline) const {
  return check_columns(source, select_, "users", select_.query(select_.sql(), {}), deadline);
}

}  // namespace usage
