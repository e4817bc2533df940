#include "collectors/usage_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "collectors/usage_packer.h"
#include "exporter/error.h"
#include "exporter/format.h"

namespace usage {

namespace {

using std::chrono::hours;

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

std::string number_text(double value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

// A place on the scale from `min` to `max`, on one from 0 to 10. Rounded, so that equal answers are
// one value.
std::string on_ten(double value, double min, double max) {
  return number_text(std::round((value - min) / (max - min) * 10 * 1e6) / 1e6);
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

// The last row of every user in every bucket, until all rows have come.
class FeatureReader::LastRows {
 public:
  void keep(Instant bucket, const Fact& fact) {
    Row row{fact.time, {}};
    for (const std::string_view value : fact.dimensions) {
      row.dimensions.emplace_back(value);
    }
    Row& known = rows_[{bucket, std::string(*fact.user)}];
    if (known < row) {
      known = std::move(row);
    }
  }
  void each(const std::function<void(Instant bucket, const Fact&)>& visit) const {
    for (const auto& [key, row] : rows_) {
      const std::vector<std::string_view> dimensions(row.dimensions.begin(), row.dimensions.end());
      Fact fact;
      fact.time = row.time;
      fact.user = key.second;
      fact.dimensions = dimensions;
      visit(key.first, fact);
    }
  }

 private:
  struct Row {
    Instant time;
    std::vector<std::string> dimensions;
    auto operator<=>(const Row&) const = default;  // at one time the greater value is the last
  };
  std::map<std::pair<Instant, std::string>, Row> rows_;
};

namespace {

// As the config names it: feature "share", or "accesses" of feature "share".
std::string owner_of(const std::string& name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string::npos) {
    return format("feature \"{}\"", name);
  }
  const bool of_business = name.starts_with(record::kBusiness);
  return format("\"{}\" of {}\"{}\"", name.substr(slash + 1), of_business ? "" : "feature ",
                name.substr(0, slash));
}

}  // namespace

FeatureReader::FeatureReader(const FeatureConfig& config, const SourceConfig& source)
    : config_(config), source_(source), select_(config.uses.table, owner_of(config.shape.name)) {
  select_.only(config.uses, source);
  time_ = *select_.add(config.uses.time);
  user_ = select_.add(config.uses.user);
  outcome_ = select_.add(config.outcome ? config.outcome->column : "");
  reason_ = select_.add(config.reason);
  scope_ = select_.add(config.scope);
  duration_ = select_.add(config.duration ? config.duration->column : "");
  size_ = select_.add(config.size ? config.size->column : "");
  revoked_ = select_.add(config.revoked_at);
  creator_ = select_.add(config.creator);
  for (const DimensionConfig& dimension : config.dimensions) {
    dimensions_.push_back(*select_.add(dimension.column));
    const std::string most = dimension.scale ? dimension.scale->max_column : "";
    scale_maxima_.push_back(select_.add(most).value_or(0));
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
    texts.dimensions[i] =
        dimension_of(row, i, texts.buffers[i]).value_or(config_.dimensions[i].null_as);
  }
  fact.dimensions = texts.dimensions;
  return fact;
}

std::optional<std::string_view> FeatureReader::dimension_of(std::span<const Value> row,
                                                            std::size_t dimension,
                                                            std::string& buffer) const {
  const DimensionConfig& config = config_.dimensions[dimension];
  const Value& value = row[dimensions_[dimension]];
  if (config.buckets.empty() && !config.scale) {
    return text_of(value, buffer);
  }
  const auto number = number_of(value);
  if (!number) {
    return std::nullopt;
  }
  if (config.scale) {
    const bool per_row = !config.scale->max_column.empty();
    const auto max =
        per_row ? number_of(row[scale_maxima_[dimension]]) : std::optional(config.scale->max);
    if (!max || *max <= config.scale->min || *number < config.scale->min || *number > *max) {
      return std::nullopt;
    }
    return buffer = on_ten(*number, config.scale->min, *max);
  }
  return buffer = bucket_name(*number, config.buckets);
}

// Whether the row is neither revoked nor of somebody who is left out of everything. Under the lock.
bool FeatureReader::counts(std::span<const Value> row, const Facts& facts) const {
  std::string buffer;
  if (revoked_ && text_of(row[*revoked_], buffer)) {
    return false;
  }
  const auto creator = creator_ ? text_of(row[*creator_], buffer) : std::nullopt;
  const auto id = creator ? facts.users.find(*creator) : std::nullopt;
  const auto& people = facts.population.attributes;
  return !id || *id >= people.size() || !people[*id].excluded;
}

Found<Bucket> FeatureReader::read(Source& source, const Interval& interval, Duration width,
                                  bool many, Deadline deadline, SharedFacts& shared) const {
  Found<Bucket> found;
  Texts texts;
  texts.buffers.resize(dimensions_.size());
  texts.dimensions.resize(dimensions_.size());
  FeatureNames& names = [&]() -> FeatureNames& {
    const std::scoped_lock lock(shared.mutex);
    return shared.facts.table(config_.shape.name).names();
  }();
  Directory& who = shared.facts.who(config_.shape);
  LastRows last;
  std::optional<Instant> start;  // of the bucket that the last row fell into
  Bucket* bucket = nullptr;
  Packer packer(many);
  const RowSink sink{.columns = [](std::span<const Column>) {},
                     .row =
                         [&](std::span<const Value> row) {
                           ++found.rows;
                           std::optional<Fact> fact = fact_of(row, texts);
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
                           if (config_.latest && fact->user) {
                             last.keep(at, *fact);
                             return;
                           }
                           const std::scoped_lock lock(shared.mutex);
                           if (revoked_ || creator_) {
                             fact->success = fact->success && counts(row, shared.facts);
                           }
                           bucket->add(*fact, config_.shape, who, names);
                         }};
  Query query = select_.query(sql(), bounds(interval, source_, config_.uses.time_format));
  query.many = many;
  source.scan(query, deadline, sink);
  packer.wait();
  const std::scoped_lock lock(shared.mutex);
  last.each([&](Instant at, const Fact& fact) {
    found.buckets.at(at).add(fact, config_.shape, who, names);
  });
  return found;
}

std::optional<Instant> FeatureReader::oldest(Source& source, Instant from,
                                             Deadline deadline) const {
  return oldest_row(source, source_, select_, config_.uses, from, deadline);
}

ColumnCheck FeatureReader::check(Source& source, Instant now, Deadline deadline) const {
  return check_columns(source, select_, owner_of(config_.shape.name),
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

}  // namespace usage
