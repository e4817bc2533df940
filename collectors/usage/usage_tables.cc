#include "collectors/usage/usage_tables.h"

#include <algorithm>
#include <utility>

#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage {

namespace {

using std::chrono::days;
using std::chrono::minutes;

// A users table of more rows is not read at every refresh.
constexpr std::uint64_t kManyUsers = 20'000;
constexpr Duration kManyUsersEvery = minutes(10);

// Whether something done at `then` needs no repetition yet. A clock that was set back repeats it.
bool lasts(std::optional<Instant> then, Instant now, Duration how_long) {
  return then && *then <= now && now < *then + how_long;
}

}  // namespace

UsageTables::UsageTables(std::shared_ptr<const UsageConfig> config,
                         std::shared_ptr<UsageState> state, const SourceConfig& source,
                         Source& database)
    : config_(std::move(config)),
      state_(std::move(state)),
      source_(source.name),
      database_(database) {
  for (const FeatureConfig* table : config_->tables()) {
    if (table->uses.source == source.name) {
      readers_.emplace(table->shape.name, FeatureReader(*table, source));
      const auto& users = config_->users;
      if (users && users->source != source.name && !users->exclude.column.empty() &&
          !table->creator.empty()) {
        needs_users_.insert(table->shape.name);
      }
    }
  }
  for (const FeatureConfig& feature : config_->features) {
    if (feature.uses.source == source.name) {
      feature_names_.insert(feature.shape.name);
    }
  }
  if (!config_->activity.empty() && config_->activity.front().source == source.name) {
    activity_.emplace(config_->activity, source);
  }
  if (config_->users && config_->users->source == source.name) {
    users_.emplace(*config_->users, source);
  }
}

std::uint64_t UsageTables::refresh(const RunContext& run) {
  rows_ = 0;
  more_ = false;
  refresh_users(run);
  const SteadyInstant start = run.clock.steady_now();
  const auto spare = (run.deadline - start) / 4;
  SteadyInstant::duration longest{};
  bool filled = false;
  std::deque<Step> rest = steps(run);
  ReadAhead ahead(database_);
  for (std::optional<Step> part = next_part(rest); part;) {
    const bool missing = part->reading.reason == ReadReason::missing;
    const SteadyInstant begun = run.clock.steady_now();
    const bool in_time =
        state_->options().complete || begun + std::max(spare, 2 * longest) <= run.deadline;
    if (!in_time && part->reading.reason != ReadReason::young && !ahead.asked()) {
      more_ = filled && missing;
      break;
    }
    if (missing && !ahead.asked()) {
      ask(*part, run, ahead);
    }
    std::optional<Step> next = next_part(rest);
    if (missing && in_time && next && next->reading.reason == ReadReason::missing) {
      ask(*next, run, ahead);
    }
    read(*part, run, ahead);
    longest = std::max(longest, run.clock.steady_now() - begun);
    if (missing) {
      show_progress(run);
      filled = true;
    }
    part = std::move(next);
  }
  note_progress(run);
  return rows_;
}

void UsageTables::read_again(const std::vector<Instant>& slices, Instant now) {
  const LockedFacts facts = state_->lock();
  for (const Instant start : slices) {
    if (start >= now - config_->recount.front().younger_than.value_or(Duration::max() / 2)) {
      continue;
    }
    const Instant bucket = floor_to(start, config_->bucket);
    for (const std::string& table : tables()) {
      state_->invalidate(facts, table, {bucket, bucket + config_->bucket});
      slices_[table].forget({start, start + kSlice});
    }
    activity_slices_.forget({start, start + kSlice});
  }
}

std::vector<ColumnCheck> UsageTables::check(const RunContext& run) {
  std::vector<ColumnCheck> checks;
  if (activity_) {
    checks = activity_->check(database_, run.now, run.deadline);
  }
  if (users_) {
    checks.push_back(users_->check(database_, run.deadline));
  }
  for (const auto& [name, reader] : readers_) {
    checks.push_back(reader.check(database_, run.now, run.deadline));
  }
  return checks;
}

std::vector<std::string> UsageTables::tables() const {
  std::vector<std::string> names;
  for (const auto& [name, reader] : readers_) {
    names.push_back(name);
  }
  if (activity_) {
    names.emplace_back(UsageState::kActivity);
  }
  return names;
}

Instant UsageTables::earliest(Instant now) const {
  Instant from = state_->options().since.value_or(now) - config_->history;
  for (const auto& [name, rules] : config_->rules.features) {
    from = std::min(from, rules.launched_at.value_or(from));
  }
  return floor_to(from, config_->bucket);
}

// What should have been read of a table by now: from its oldest row, from where late rows are
// looked for, and from the oldest that the facts hold, which may have been purged meanwhile, to the
// end of the open bucket, or, as of the past, of the last complete one.
Interval UsageTables::kept(const std::string& table, Instant now) const {
  const Instant to =
      floor_to(now, config_->bucket) + (state_->options().live ? config_->bucket : Duration{});
  Duration late = config_->bucket;
  for (const RefreshTier& tier : config_->recount) {
    late = std::max(late, tier.younger_than.value_or(late));
  }
  const LockedFacts facts = state_->lock();
  const auto& active = facts->activity.buckets();
  const Instant held = table != UsageState::kActivity
                           ? facts->table(table).first_bucket().value_or(to)
                       : active.empty() ? to
                                        : active.begin()->first;
  const Instant oldest =
      std::min({to - late, state_->table(facts, table).oldest.value_or(to), held});
  return {std::min(to, floor_to(std::max(earliest(now), oldest), config_->bucket)), to};
}

void UsageTables::refresh_users(const RunContext& run) {
  const bool enough = user_rows_ > kManyUsers || state_->options().complete;
  if (!users_ || (enough && lasts(users_read_, run.now, kManyUsersEvery))) {
    return;
  }
  user_rows_ = users_->read(database_, run.deadline, state_->shared());
  users_read_ = run.now;
  rows_ += user_rows_;
}

// Whose links count is asked as they are read. Users of the same source have been read by then.
bool UsageTables::waits_for_users(const std::string& table) const {
  const LockedFacts facts = state_->lock();
  return needs_users_.contains(table) && !facts->population.has_users_table;
}

void UsageTables::ask_oldest(const std::string& table, const RunContext& run) {
  {
    const LockedFacts facts = state_->lock();
    const TableProgress& progress = state_->table(facts, table);
    if (progress.oldest && lasts(progress.asked_oldest, run.now, days(1))) {
      return;
    }
  }
  const Instant from = earliest(run.now);
  const auto oldest = table == UsageState::kActivity
                          ? activity_->oldest(database_, from, run.deadline)
                          : readers_.at(table).oldest(database_, from, run.deadline);
  const LockedFacts facts = state_->lock();
  state_->table(facts, table).oldest = oldest;
  state_->table(facts, table).asked_oldest = run.now;
}

std::deque<UsageTables::Step> UsageTables::steps(const RunContext& run) {
  std::deque<Step> steps;
  for (const std::string& table : tables()) {
    if (waits_for_users(table)) {
      continue;
    }
    ask_oldest(table, run);
    const Interval all = kept(table, run.now);
    const LockedFacts facts = state_->lock();
    if (state_->options().complete) {
      if (!state_->table(facts, table).finished) {
        steps.push_back({table, {all, ReadReason::missing}, config_->bucket});
      }
      continue;
    }
    const bool in_slices = table == UsageState::kActivity || readers_.at(table).adds_up();
    const Interval young = in_slices ? sliced(run.now, all, config_->recount, config_->bucket)
                                     : Interval{all.to, all.to};
    for (const PlannedRead& reading :
         plan_reads(run.now, {all.from, young.from}, config_->recount, config_->bucket,
                    state_->table(facts, table).log)) {
      steps.push_back({table, reading, config_->bucket});
    }
    const std::vector<Step> slices = young_steps(table, young, run.now);
    steps.insert(steps.end(), slices.begin(), slices.end());
  }
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) {
    return a.reading.reason != b.reading.reason ? a.reading.reason < b.reading.reason
                                                : a.reading.interval.to > b.reading.interval.to;
  });
  return steps;
}

// Slices that are not known yet are read as the first tier is: their bucket cannot be told before.
std::vector<UsageTables::Step> UsageTables::young_steps(const std::string& table,
                                                        const Interval& young, Instant now) {
  const auto of = [&](auto& slices) {
    slices.keep(young);
    return plan_reads(now, young, config_->recount, kSlice, slices.log());
  };
  std::vector<Step> steps;
  for (PlannedRead reading :
       table == UsageState::kActivity ? of(activity_slices_) : of(slices_[table])) {
    if (reading.reason == ReadReason::missing) {
      reading.reason = ReadReason::young;
    }
    PlannedRead* const last = steps.empty() ? nullptr : &steps.back().reading;
    if (last != nullptr && last->reason == reading.reason &&
        last->interval.from == reading.interval.to) {
      last->interval.from = reading.interval.from;
    } else {
      steps.push_back({table, reading, kSlice});
    }
  }
  return steps;
}

Duration UsageTables::resize(const std::string& table, double factor) {
  const LockedFacts facts = state_->lock();
  Duration& longest = state_->table(facts, table).step;
  const auto buckets =
      static_cast<std::int64_t>(factor * static_cast<double>(longest / config_->bucket));
  longest = std::clamp<Duration>(buckets * config_->bucket, config_->bucket, days(1));
  return longest;
}

bool UsageTables::is_whole(const Step& step) const {
  return step.reading.reason == ReadReason::young || step.grain != config_->bucket ||
         state_->options().complete;
}

// The newest part of the first step that the run's time is enough for.
std::optional<UsageTables::Step> UsageTables::next_part(std::deque<Step>& rest) {
  while (!rest.empty() && rest.front().reading.interval.from >= rest.front().reading.interval.to) {
    rest.pop_front();
  }
  if (rest.empty()) {
    return std::nullopt;
  }
  Step part = rest.front();
  Interval& left = rest.front().reading.interval;
  if (!is_whole(part)) {
    part.reading.interval.from = std::max(left.from, left.to - resize(part.table, 1));
  }
  left.to = part.reading.interval.from;
  return part;
}

void UsageTables::ask(const Step& part, const RunContext& run, ReadAhead& ahead) const {
  if (part.table != UsageState::kActivity) {
    ahead.ask(readers_.at(part.table).query(part.reading.interval, true), run.deadline);
    return;
  }
  for (Query& query : activity_->queries(part.reading.interval, true)) {
    ahead.ask(std::move(query), run.deadline);
  }
}

// What the run's time was not enough for is halved for the next run, and quick parts grow again.
void UsageTables::read(const Step& part, const RunContext& run, Source& database) {
  const SteadyInstant start = run.clock.steady_now();
  try {
    read_part(part, run, database);
  } catch (const Error& error) {
    if (error.reason() == Reason::timeout && !is_whole(part)) {
      resize(part.table, 0.5);
    }
    throw;
  }
  if (run.clock.steady_now() - start < (run.deadline - start) / 8) {
    resize(part.table, 2);
  }
}

void UsageTables::read_part(const Step& step, const RunContext& run, Source& database) {
  const Interval& part = step.reading.interval;
  SharedFacts& shared = state_->shared();
  const bool bulk = step.reading.reason == ReadReason::missing;
  const auto take = [&](auto&& found, auto& slices, auto&& replace) {
    rows_ += found.rows;
    const LockedFacts facts(shared);
    note_newest_row(facts, step.table, found.newest);
    if (step.grain == config_->bucket) {
      replace(facts, part, std::move(found.buckets));
      state_->read(facts, step.table, part, run.now);
      return;
    }
    for (auto& whole : slices.put(part, std::move(found.slices), run.now, config_->bucket)) {
      replace(facts, whole.interval, std::move(whole.buckets));
      state_->read(facts, step.table, whole.interval, whole.read);
    }
  };
  if (step.table == UsageState::kActivity) {
    take(activity_->read(database, part, step.grain, bulk, run.deadline, shared), activity_slices_,
         [](const LockedFacts& facts, const Interval& interval, std::map<Instant, IdSet> buckets) {
           facts->activity.replace(interval, std::move(buckets));
         });
    return;
  }
  take(
      readers_.at(step.table).read(database, part, run.now, step.grain, bulk, run.deadline, shared),
      slices_[step.table], [&](const LockedFacts& facts, const Interval& interval, auto buckets) {
        const FeatureFacts::Change change =
            facts->table(step.table).replace(interval, std::move(buckets));
        if (step.reading.reason == ReadReason::recount) {
          state_->table(facts, step.table).changed_rows += change.added + change.removed;
        }
      });
}

void UsageTables::note_newest_row(const LockedFacts& facts, const std::string& table,
                                  std::optional<Instant> newest) {
  std::optional<Instant>& known = state_->table(facts, table).newest;
  if (newest) {
    known = std::max(known.value_or(*newest), *newest);
  }
}

void UsageTables::show_progress(const RunContext& run) {
  if (!run.log.progress_is_due()) {
    return;
  }
  double sum = 0;
  for (const std::string& name : tables()) {
    const Interval all = kept(name, run.now);
    const LockedFacts facts = state_->lock();
    sum += progress(all, config_->bucket, state_->table(facts, name).log);
  }
  run.log.progress(fmt::format("reading the history of {}", source_),
                   sum / static_cast<double>(tables().size()));
}

void UsageTables::note_progress(const RunContext& run) {
  const std::vector<std::string> names = tables();
  double sum = 0;
  bool finished = true;
  bool finished_before = true;
  for (const std::string& name : names) {
    const Interval all = kept(name, run.now);
    const LockedFacts facts = state_->lock();
    TableProgress& table = state_->table(facts, name);
    const double share = progress(all, config_->bucket, table.log);
    finished_before = finished_before && table.finished;
    table.finished = table.finished || share == 1;
    finished = finished && table.finished;
    sum += share;
    if (table.newest) {
      newest_row_ = std::max(newest_row_.value_or(*table.newest), *table.newest);
    }
    if (feature_names_.contains(name)) {
      changed_rows_[name] = table.changed_rows;
    }
  }
  if (finished) {
    run.log.progress("", 1);
  }
  backfilled_ = names.empty() ? 1 : sum / static_cast<double>(names.size());
  if (!finished_before && !state_->options().complete && state_->options().live) {
    run.log.info(finished ? "backfill finished" : "backfill goes on",
                 {{"source", source_}, {"progress", fmt::format("{:.1f}%", 100 * *backfilled_)}});
  }
}

}  // namespace usage
