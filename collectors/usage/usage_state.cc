#include "collectors/usage/usage_state.h"

#include <algorithm>

#include "collectors/usage/config/legacy_fingerprint.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/strings.h"

namespace usage {

namespace {

using std::chrono::days;

std::string word(std::optional<Instant> instant) {
  return instant ? std::to_string(instant->time_since_epoch().count()) : "-";
}

std::string_view next_word(std::string_view& line) {
  const std::string_view found = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), found.size() + 1));
  return found;
}

std::optional<std::int64_t> next_number(std::string_view& line) {
  const std::string_view text = next_word(line);
  if (text == "-") {
    return std::nullopt;
  }
  const auto value = parse_number<std::int64_t>(text);
  if (!value) {
    throw Error(Reason::data, "the progress of a table cannot be understood");
  }
  return value;
}

std::optional<Instant> next_instant(std::string_view& line) {
  const auto number = next_number(line);
  return number ? std::optional(Instant(Duration(*number))) : std::nullopt;
}

// A table as the log names it.
std::string label_of(const std::string& name) {
  return name == UsageState::kActivity         ? "activity"
         : name.find('/') != std::string::npos ? name
                                               : "feature " + name;
}

std::string source_of(const std::string& name, const UsageConfig& config) {
  if (name == UsageState::kActivity) {
    return config.activity.empty() ? "" : config.activity.front().source;
  }
  const auto tables = config.tables();
  return (*std::ranges::find(tables, name, [](const auto* table) { return table->shape.name; }))
      ->uses.source;
}

std::string legacy_fingerprint_of(const std::string& name, const UsageConfig& config) {
  if (name == UsageState::kActivity) {
    return legacy_fingerprint(config.activity, config.bucket);
  }
  const auto tables = config.tables();
  return legacy_fingerprint(
      **std::ranges::find(tables, name, [](const auto* table) { return table->shape.name; }),
      config.bucket);
}

std::string settings_text(const std::vector<std::string>& names, const std::string& source) {
  std::vector<std::string> texts;
  for (const std::string& name : names) {
    texts.push_back(setting_text(name, source));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

std::string TableProgress::serialize(Duration bucket) const {
  return fmt::format("{} {} {} {} {} {}\n{}", finished ? 1 : 0, word(oldest), word(asked_oldest),
                     word(newest), changed_rows, word(since), log.serialize(bucket));
}

void TableProgress::parse(std::string_view text, Duration bucket) {
  std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  finished = next_number(line).value_or(0) == 1;
  oldest = next_instant(line);
  asked_oldest = next_instant(line);
  newest = next_instant(line);
  changed_rows = static_cast<std::uint64_t>(next_number(line).value_or(0));
  since = line.empty() ? std::nullopt : next_instant(line);
  log = ReadLog::parse(text, bucket);
}

void UsageState::open(Instant now, Log& log) { open(lock(), now, log); }

void UsageState::open(const LockedFacts&, Instant now, Log& log) {
  if (!file_ && !options_.storage_path.empty()) {
    file_ = std::make_unique<StateFile>(options_.storage_path, now, log);
  }
}

void UsageState::adopt(const std::shared_ptr<const UsageConfig>& config, Instant now, Log& log) {
  const LockedFacts facts(shared_);
  if (adopted_ == config) {
    return;
  }
  open(facts, now, log);
  Changes changes;
  fit_tables(facts, *config, now, changes);
  fit_population(facts, *config);
  if (!adopted_ && file_) {
    load(facts, *config, log, changes);
  } else if (!adopted_ && !options_.complete && options_.live) {
    log.info(
        "facts are kept in memory alone and are read anew at every start; --storage.path "
        "keeps them");
  }
  for (const auto& [settings, names] : changes) {
    log.info(fmt::format("{}: read anew, because {} changed", fmt::join(names, ", "), settings));
  }
  facts->for_each_table([&](const std::string& name, FeatureFacts& table) {
    table.set_counting_since(tables_.at(name).since);
  });
  adopted_ = config;
}

void UsageState::fit_tables(const LockedFacts& locked, const UsageConfig& config, Instant now,
                            Changes& changes) {
  Facts& facts = *locked;
  std::set<std::string> named{kActivity};
  const auto fit = [&](const std::string& name, const CacheKey& key, auto&& forget) {
    const auto [place, is_new] = tables_.try_emplace(name);
    TableProgress& table = place->second;
    if (!is_new && table.key == key) {
      return;
    }
    if (!is_new) {
      changes[settings_text(key.changed_since(table.key), source_of(name, config))].push_back(
          label_of(name));
    }
    table = {};
    table.key = key;
    if (!options_.complete) {
      table.since = now;  // what is read anew by every `once` is no counter of its own
    }
    dropped_.insert(name);
    dirty_.erase(name);
    forget();
  };
  facts.bucket_width = config.bucket;
  fit(kActivity, activity_cache_key(config), [&] { facts.activity = Activity(config.bucket); });
  for (const FeatureConfig* table : config.tables()) {
    const std::string& name = table->shape.name;
    named.insert(name);
    fit(name, cache_key(*table, config), [&] {
      facts.tables(name).erase(name);
      facts.tables(name).emplace(name, FeatureFacts(table->shape, config.bucket));
    });
  }
  for (auto it = tables_.begin(); it != tables_.end();) {
    if (named.contains(it->first)) {
      ++it;
      continue;
    }
    dropped_.insert(it->first);
    dirty_.erase(it->first);
    facts.tables(it->first).erase(it->first);
    it = tables_.erase(it);
  }
}

// A population that was read with other settings must not judge rows until it is read again.
void UsageState::fit_population(const LockedFacts& facts, const UsageConfig& config) {
  const bool same = config.users && adopted_ && adopted_->users == config.users &&
                    cache_key(adopted_->source_configs.at(config.users->source)) ==
                        cache_key(config.source_configs.at(config.users->source));
  if (!same) {
    facts->population = {};
  }
}

void UsageState::load(const LockedFacts& facts, const UsageConfig& config, Log& log,
                      Changes& changes) {
  std::map<std::string, StateFile::Table> wanted;
  const auto stored = file_->fingerprints();
  for (const auto& [name, table] : tables_) {
    wanted[name] = {table.key.serialize(), ""};
    const auto found = stored.find(name);
    if (found == stored.end()) {
      continue;
    }
    const auto before = CacheKey::parse(found->second);
    if (before ? *before == table.key : found->second == legacy_fingerprint_of(name, config)) {
      wanted[name].fingerprint = found->second;
    } else {
      const std::string settings =
          before ? settings_text(table.key.changed_since(*before), source_of(name, config))
                 : "its settings since the state file was written by an older program";
      changes[settings].push_back(label_of(name));
    }
  }
  const auto kept = file_->load(*facts, wanted);
  for (const auto& [name, table] : kept) {
    TableProgress& progress = tables_.at(name);
    try {
      progress.parse(table.progress, facts->bucket_width);
    } catch (const Error&) {
      CacheKey key = std::move(progress.key);
      progress = {};
      progress.key = std::move(key);  // the counters go on
      log.warn("how far a table was read is not known any more; it is read anew",
               {{"table", name}});
    }
    if (!progress.since) {
      progress.since = file_->created_at();
    }
    if (table.fingerprint != progress.key.serialize()) {
      dirty_[name];  // of an older program: the next commit writes the key
    }
  }
  dropped_.clear();  // the file did that
}

void UsageState::read(const LockedFacts& facts, const std::string& table, const Interval& interval,
                      Instant at) {
  tables_.at(table).log.read(interval, facts->bucket_width, at);
  if (!file_) {
    return;
  }
  for (Instant day = floor_to(interval.from, days(1)); day < interval.to; day += days(1)) {
    dirty_[table].insert(day);
  }
}

bool UsageState::read_up_to(const LockedFacts&, Instant until) const {
  return adopted_ && std::all_of(tables_.begin(), tables_.end(), [&](const auto& entry) {
           if (entry.first == kActivity && adopted_->activity.empty()) {
             return true;
           }
           const auto read = entry.second.log.last_read(until - adopted_->bucket);
           return entry.second.finished && read && *read >= until;
         });
}

void UsageState::invalidate(const LockedFacts&, const std::string& table,
                            const Interval& interval) {
  TableProgress& progress = tables_.at(table);
  progress.log.forget(interval);
  if (progress.oldest) {
    progress.oldest = std::min(*progress.oldest, interval.from);
  } else {
    progress.asked_oldest.reset();
  }
  if (file_) {
    dirty_[table];  // so that the commit keeps it
  }
}

bool UsageState::finished() {
  const LockedFacts facts(shared_);
  return adopted_ && std::all_of(tables_.begin(), tables_.end(), [&](const auto& entry) {
           const bool read = entry.first != kActivity || !adopted_->activity.empty();
           return !read || entry.second.finished;
         });
}

void UsageState::put(const LockedFacts& facts, StateFile::Changes& changes, const std::string& name,
                     const std::set<Instant>& read) {
  for (auto day = read.begin(); day != read.end();) {
    Interval run{*day, *day + days(1)};
    for (++day; day != read.end() && *day == run.to; ++day) {
      run.to += days(1);
    }
    if (name == kActivity) {
      changes.put_activity(facts->activity, run);
    } else {
      changes.put_feature(name, facts->table(name), run);
    }
  }
  const TableProgress& table = tables_.at(name);
  changes.put_table(name, {table.key.serialize(), table.serialize(facts->bucket_width)});
}

Journal& UsageState::journal() {
  const MutexLock lock(journal_mutex_);
  if (!journal_) {
    journal_ = std::make_unique<Journal>(journal_path_, options_.storage_path.empty());
  }
  return *journal_;
}

void UsageState::show(std::shared_ptr<const TargetBoard> board) {
  const MutexLock lock(board_mutex_);
  board_ = std::move(board);
}

std::shared_ptr<const TargetBoard> UsageState::board() const {
  const MutexLock lock(board_mutex_);
  return board_;
}

void UsageState::commit(const LockedFacts& facts) {
  if (!file_ || (dirty_.empty() && dropped_.empty())) {
    return;
  }
  StateFile::Changes changes(*file_);
  for (const std::string& name : dropped_) {
    changes.drop(name);
  }
  changes.put_users(*facts);
  for (const auto& [name, read] : dirty_) {
    put(facts, changes, name, read);
  }
  changes.commit();
  dropped_.clear();
  dirty_.clear();
}

}  // namespace usage
