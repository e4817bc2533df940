#include "collectors/usage/reading/feature_reader.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <utility>

#include "collectors/sources/drivers.h"
#include "collectors/usage/reading/bucket_compressor.h"
#include "exporter/base/format.h"

namespace usage {

namespace {

// As the config names it: feature "share", or "accesses" of feature "share".
std::string owner_of(const std::string& name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string::npos) {
    return fmt::format("feature \"{}\"", name);
  }
  const bool of_business = name.starts_with(auxiliary::kBusiness);
  return fmt::format("\"{}\" of {}\"{}\"", name.substr(slash + 1), of_business ? "" : "feature ",
                     name.substr(0, slash));
}

// A place on the scale from `min` to `max`, on one from 0 to 10. Rounded, so that equal answers are
// one value.
std::string on_ten(double value, double min, double max) {
  return format_shortest(std::round((value - min) / (max - min) * 10 * 1e6) / 1e6);
}

// The name of a number's bucket, as the config's reader names them.
std::string bucket_name(double value, const std::vector<double>& bounds) {
  const auto bound = std::lower_bound(bounds.begin(), bounds.end(), value);
  return bound == bounds.end() ? ">" + format_shortest(bounds.back())
                               : "<=" + format_shortest(*bound);
}

constexpr char kNull[] = "\x1e";  // no id begins with it

}  // namespace

// Storage for the views of a Fact.
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
    Row& known = rows_[{bucket, fact.user->text()}];
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

FeatureReader::FeatureReader(const FeatureConfig& config, const SourceConfig& source)
    : config_(config),
      source_(source),
      select_(config.uses.table, owner_of(config.shape.name), dialect_of(source)) {
  select_.restrict_to(config.uses, source);
  const auto add = [&](const std::string& name) { return select_.add(name, config.uses); };
  time_ = *select_.add(config.uses.time);
  user_ = select_.add(config.uses.user);
  if (const auto& outcome = config.outcome) {
    outcome_ = outcome->by_event ? select_.add("event") : add(outcome->column);
  }
  reason_ = add(config.reason);
  scope_ = add(config.scope);
  duration_ = add(config.duration ? config.duration->column : "");
  size_ = add(config.size ? config.size->column : "");
  revoked_ = add(config.revoked_at);
  creator_ = add(config.creator);
  for (const DimensionConfig& dimension : config.dimensions) {
    dimensions_.push_back(*add(dimension.column));
    const std::string most = dimension.scale ? dimension.scale->max_column : "";
    scale_maxima_.push_back(add(most).value_or(0));
  }
  if (const auto& attempts = config.attempts) {
    attempt_ = add(attempts->id);
    for (const std::string& part : attempts->key) {
      const bool own = !config.uses.events.empty() && part == config.uses.user;
      key_.push_back(*(own ? select_.add(part) : add(part)));
    }
    ambiguous_ = std::ranges::any_of(config.outcome->start, [&](const std::string& value) {
      return is_one_of(value, config.outcome->failure);
    });
  }
}

std::string FeatureReader::sql() const {
  return config_.attempts ? select_.sql_in_order(config_.uses.time)
                          : select_.sql_between(config_.uses.time);
}

Query FeatureReader::query(const Interval& interval, bool bulk) const {
  Interval read = interval;
  if (config_.attempts) {
    read.from = Attempts::read_from(*config_.attempts, interval.from);
  }
  Query query = select_.query(sql(), bounds(read, source_, config_.uses.time_format));
  query.bulk = bulk;
  return query;
}

std::optional<IdMap::Key> FeatureReader::user_of(std::span<const Value> row,
                                                 std::string& buffer) const {
  const Value& value = row[*user_];
  const auto* const number = std::get_if<std::int64_t>(&value);
  if (number != nullptr && std::in_range<std::uint32_t>(*number)) {
    return IdMap::Key(static_cast<std::uint32_t>(*number));
  }
  return text_of(value, buffer);
}

// nullopt if the row says nothing of an outcome.
std::optional<Stage> FeatureReader::stage_of(std::span<const Value> row,
                                             std::string& buffer) const {
  const auto outcome = text_of(row[*outcome_], buffer);
  const OutcomeConfig& wanted = *config_.outcome;
  if (!outcome) {
    return std::nullopt;
  }
  const bool failed = is_one_of(*outcome, wanted.failure);
  if (is_one_of(*outcome, wanted.start)) {
    return failed ? Stage::start_or_failure : Stage::start;
  }
  if (failed || is_one_of(*outcome, wanted.success)) {
    return failed ? Stage::failure : Stage::success;
  }
  if (wanted.success.empty() || wanted.failure.empty()) {
    return wanted.success.empty() ? Stage::success : Stage::failure;
  }
  return std::nullopt;
}

// The row as a part of an attempt; it points into the row's cells. nullopt if it is no part of one.
std::optional<AttemptRow> FeatureReader::part_of(std::span<const Value> row, std::string& key,
                                                 std::string& buffer) const {
  const auto time =
      instant_of(row[time_], config_.uses.time, time_format_of(source_, config_.uses.time_format));
  const auto stage = stage_of(row, buffer);
  if (!time || !stage) {
    return std::nullopt;
  }
  AttemptRow part{*time, std::nullopt, false, *stage, row};
  const auto id = attempt_ ? text_of(row[*attempt_], buffer) : std::nullopt;
  part.exact = id && !id->empty();
  if (part.exact) {
    key = *id;
    part.key = key;
  } else if (!key_.empty()) {
    key = kNull;
    for (const std::size_t place : key_) {
      key.append(text_of(row[place], buffer).value_or(kNull)) += '\x1f';
    }
    part.key = key;
  }
  return part;
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

// False for a row that is revoked, or whose creator is excluded.
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

// Decodes `row` into `fact`, which is reused between rows. Returns false if the row is not a fact.
bool FeatureReader::read_fact(std::span<const Value> row, Texts& texts, Fact& fact) const {
  const auto time =
      instant_of(row[time_], config_.uses.time, time_format_of(source_, config_.uses.time_format));
  if (!time) {
    return false;
  }
  fact.time = *time;
  fact.success = true;
  if (outcome_) {
    const auto stage = stage_of(row, texts.outcome);
    if (!config_.attempts && (!stage || *stage == Stage::start)) {
      return false;  // begun, and not ended yet
    }
    fact.success = stage == Stage::success;
  }
  if (user_) {
    fact.user = user_of(row, texts.user);
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
  return true;
}

// Folds the facts of one reading into buckets. Used by one thread.
class FeatureReader::Fold {
 public:
  Fold(const FeatureReader& reader, const Interval& interval, Duration width, bool bulk,
       SharedFacts& shared)
      : reader_(reader),
        config_(reader.config_),
        interval_(interval),
        width_(width),
        shared_(shared),
        names_(names_of(shared, config_.shape.name)),
        who_(LockedFacts(shared)->id_map_for(config_.shape)),
        whole_(LockedFacts(shared)->bucket_width == width),
        compressor_(config_.shape, bulk) {
    texts.buffers.resize(reader.dimensions_.size());
    texts.dimensions.resize(reader.dimensions_.size());
  }

  void add(const RowBatch& rows) {
    constexpr std::size_t kAhead = 8;  // rows to prefetch
    found.rows += rows.size();
    const LockedFacts facts(shared_);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (reader_.user_ && i + kAhead < rows.size()) {
        if (const auto user = reader_.user_of(rows[i + kAhead], texts.user)) {
          who_.prefetch(*user);
        }
      }
      if (reader_.read_fact(rows[i], texts, fact)) {
        put_fact(facts, rows[i]);
      }
    }
  }

  // The fact, which is the row's.
  void add_fact(std::span<const Value> row) {
    const LockedFacts facts(shared_);
    put_fact(facts, row);
  }

  void finish() {
    {
      const LockedFacts facts(shared_);
      last_.each([&](Instant at, const Fact& last) {
        open(at);
        bucket_->add(last, config_.shape, who_, names_);
      });
    }
    if (!whole_) {
      found.slices = std::move(open_);
      return;
    }
    for (auto& [start, bucket] : open_) {
      compressor_.pack(start, std::move(bucket));
    }
    found.buckets = compressor_.finish();
  }

  Found<Bucket, FreshBucket> found;
  Texts texts;
  Fact fact;

 private:
  void put_fact(const LockedFacts& facts, std::span<const Value> row) {
    const Instant at = bucket_of(fact.time, interval_, width_, config_.uses);
    found.newest = std::max(found.newest.value_or(fact.time), fact.time);
    if (config_.latest && fact.user) {
      last_.keep(at, fact);
      return;
    }
    if (reader_.revoked_ || reader_.creator_) {
      fact.success = fact.success && reader_.counts(row, *facts);
    }
    if (at != start_) {
      open(at);
    }
    bucket_->add(fact, config_.shape, who_, names_);
  }

  // Most tables are in the order of time: a bucket is complete when another one begins. In others
  // every bucket is taken back once.
  void open(Instant at) {
    auto place = open_.find(at);
    if (place == open_.end()) {
      auto packed = compressor_.take_back(at);
      if (!packed && bucket_ != nullptr && whole_) {
        compressor_.pack(*start_, std::move(open_.extract(*start_).mapped()));
      }
      place = open_.emplace(at, packed ? *std::move(packed) : Bucket(config_.shape)).first;
    }
    bucket_ = &place->second;
    start_ = at;
  }

  static FeatureNames& names_of(SharedFacts& shared, const std::string& table) {
    return LockedFacts(shared)->table(table).names();
  }

  const FeatureReader& reader_;
  const FeatureConfig& config_;
  const Interval interval_;
  const Duration width_;
  SharedFacts& shared_;
  FeatureNames& names_;  // both under the lock
  IdMap& who_;
  const bool whole_;
  LastRows last_;
  std::map<Instant, Bucket> open_;
  std::optional<Instant> start_;  // of the bucket that the last row fell into
  Bucket* bucket_ = nullptr;
  BucketCompressor compressor_;
};

Found<Bucket, FreshBucket> FeatureReader::read(Source& source, const Interval& interval,
                                               Instant now, Duration width, bool bulk,
                                               Deadline deadline, SharedFacts& shared) const {
  Fold fold(*this, interval, width, bulk, shared);
  if (config_.attempts) {
    read_attempts(source, interval, now, bulk, deadline, fold);
    fold.finish();
    return std::move(fold.found);
  }
  const RowSink sink{.columns = [](std::span<const Column>) {},
                     .rows = [&](const RowBatch& rows) { fold.add(rows); }};
  source.scan(query(interval, bulk), deadline, sink);
  fold.finish();
  return std::move(fold.found);
}

void FeatureReader::read_attempts(Source& source, const Interval& interval, Instant now, bool bulk,
                                  Deadline deadline, Fold& fold) const {
  std::optional<Instant> newest;
  Attempts attempts(*config_.attempts, ambiguous_, interval, [&](const Attempt& attempt) {
    if ((attempt.ending == Ending::abandoned) != config_.abandoned) {
      return;
    }
    if (read_fact(attempt.cells, fold.texts, fold.fact)) {
      fold.fact.time = attempt.at;
      fold.fact.success = attempt.ending != Ending::failure;
      fold.add_fact(attempt.cells);
    }
  });
  std::string key, buffer;
  const RowSink sink{.columns = [](std::span<const Column>) {},
                     .rows = row_by_row([&](std::span<const Value> row) {
                       ++fold.found.rows;
                       if (const auto part = part_of(row, key, buffer)) {
                         newest = part->time;
                         attempts.add(*part);
                       }
                     })};
  source.scan(query(interval, bulk), deadline, sink);
  attempts.finish(std::min(now, interval.to));
  if (newest && *newest >= interval.from) {
    fold.found.newest = newest;
  }
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

}  // namespace usage
