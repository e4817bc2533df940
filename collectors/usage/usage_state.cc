#include "collectors/usage/usage_state.h"

#include <algorithm>

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

void UsageState::open(Instant now, Log& log) {
  const std::scoped_lock lock(shared_.mutex);
  open_locked(now, log);
}

void UsageState::open_locked(Instant now, Log& log) {
  if (!file_ && !options_.storage_path.empty()) {
    file_ = std::make_unique<StateFile>(options_.storage_path, now, log);
  }
}

void UsageState::adopt(const std::shared_ptr<const UsageConfig>& config, Instant now, Log& log) {
  const std::scoped_lock lock(shared_.mutex);
  if (adopted_ == config) {
    return;
  }
  open_locked(now, log);
  fit_tables(*config, now);
  if (!adopted_ && file_) {
    load(log);
  } else if (!adopted_ && !options_.complete && options_.live) {
    log.info(
        "facts are kept in memory alone and are read anew at every start; --storage.path "
        "keeps them");
  }
  shared_.facts.for_each_table([&](const std::string& name, FeatureFacts& table) {
    table.set_counting_since(tables_.at(name).since);
  });
  adopted_ = config;
}

void UsageState::fit_tables(const UsageConfig& config, Instant now) {
  Facts& facts = shared_.facts;
  std::set<std::string> named{kActivity};
  const auto fit = [&](const std::string& name, const std::string& print, auto&& forget) {
    TableProgress& table = tables_[name];
    if (table.fingerprint != print) {
      table = {};
      table.fingerprint = print;
      if (!options_.complete) {
        table.since = now;  // what is read anew by every `once` is no counter of its own
      }
      dropped_.insert(name);
      dirty_.erase(name);
      forget();
    }
  };
  facts.bucket_width = config.bucket;
  fit(kActivity, activity_fingerprint(config.activity, config.bucket),
      [&] { facts.activity = Activity(config.bucket); });
  for (const FeatureConfig* table : config.tables()) {
    const std::string& name = table->shape.name;
    named.insert(name);
    fit(name, fingerprint(*table, config.bucket), [&] {
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
  if (!config.users) {
    facts.population = {};
  }
}

void UsageState::load(Log& log) {
  std::map<std::string, StateFile::Table> wanted;
  for (const auto& [name, table] : tables_) {
    wanted[name] = {table.fingerprint, ""};
  }
  const auto kept = file_->load(shared_.facts, wanted);
  for (const auto& [name, table] : kept) {
    try {
      tables_.at(name).parse(table.progress, shared_.facts.bucket_width);
    } catch (const Error&) {
      const std::string print = tables_.at(name).fingerprint;
      tables_.at(name) = {};
      tables_.at(name).fingerprint = print;  // the counters go on
      log.warn("how far a table was read is not known any more; it is read anew",
               {{"table", name}});
    }
    if (!tables_.at(name).since) {
      tables_.at(name).since = file_->created_at();
    }
  }
  dropped_.clear();  // the file did that
}

void UsageState::read(const std::string& table, const Interval& interval, Instant at) {
  tables_.at(table).log.read(interval, shared_.facts.bucket_width, at);
  if (!file_) {
    return;
  }
  for (Instant day = floor_to(interval.from, days(1)); day < interval.to; day += days(1)) {
    dirty_[table].insert(day);
  }
}

bool UsageState::read_up_to(Instant until) const {
  return adopted_ && std::all_of(tables_.begin(), tables_.end(), [&](const auto& entry) {
           if (entry.first == kActivity && adopted_->activity.empty()) {
             return true;
           }
           const auto read = entry.second.log.last_read(until - adopted_->bucket);
           return entry.second.finished && read && *read >= until;
         });
}

void UsageState::invalidate(const std::string& table, const Interval& interval) {
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
  const std::scoped_lock lock(shared_.mutex);
  return adopted_ && std::all_of(tables_.begin(), tables_.end(), [&](const auto& entry) {
           const bool read = entry.first != kActivity || !adopted_->activity.empty();
           return !read || entry.second.finished;
         });
}

void UsageState::put(StateFile::Changes& changes, const std::string& name,
                     const std::set<Instant>& read) {
  for (auto day = read.begin(); day != read.end();) {
    Interval run{*day, *day + days(1)};
    for (++day; day != read.end() && *day == run.to; ++day) {
      run.to += days(1);
    }
    if (name == kActivity) {
      changes.put_activity(shared_.facts.activity, run);
    } else {
      changes.put_feature(name, shared_.facts.table(name), run);
    }
  }
  const TableProgress& table = tables_.at(name);
  changes.put_table(name, {table.fingerprint, table.serialize(shared_.facts.bucket_width)});
}

Journal& UsageState::journal() {
  const std::scoped_lock lock(journal_mutex_);
  if (!journal_) {
    journal_ = std::make_unique<Journal>(journal_path_, options_.storage_path.empty());
  }
  return *journal_;
}

void UsageState::show(std::shared_ptr<const TargetBoard> board) {
  const std::scoped_lock lock(board_mutex_);
  board_ = std::move(board);
}

std::shared_ptr<const TargetBoard> UsageState::board() const {
  const std::scoped_lock lock(board_mutex_);
  return board_;
}

void UsageState::commit() {
  if (!file_ || (dirty_.empty() && dropped_.empty())) {
    return;
  }
  StateFile::Changes changes(*file_);
  for (const std::string& name : dropped_) {
    changes.drop(name);
  }
  changes.put_users(shared_.facts);
  for (const auto& [name, read] : dirty_) {
    put(changes, name, read);
  }
  changes.commit();
  dropped_.clear();
  dirty_.clear();
}

}  // namespace usage
