#include "collectors/usage/usage_events.h"

#include <unistd.h>

#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage {

namespace {

constexpr Duration kPruneEvery = std::chrono::days(1);

static_assert(Journal::kTouched == kSlice);

}  // namespace

UsageEvents::UsageEvents(const UsageConfig& config, const SourceConfig& source, UsageState& state)
    : source_(source), kept_(event_filter(config, source.name)), state_(state) {}

bool UsageEvents::read(const RunContext& run, UsageTables& tables) {
  const bool complete = state_.options().complete;
  Journal& journal = state_.journal();
  bool all = true;
  if (source_.log() != nullptr) {
    if (!tail_) {
      tail_.emplace(source_, kept_, journal, run.clock);
    }
    const SteadyInstant start = run.clock.steady_now();
    const Deadline until = complete ? run.deadline : start + (run.deadline - start) / 2;
    do {
      all = tail_->read(run.now, until, run.log);
    } while (!all && run.clock.steady_now() < until);
    if (complete && !all) {
      throw Error(Reason::timeout,
                  fmt::format("source \"{}\": the logs were not read to their end in "
                              "time; raise its timeout",
                              source_.name));
    }
  }
  if (complete) {
    return all;  // nothing was read of the tables before
  }
  touched_ = journal.touched(source_.name);
  std::vector<Instant> starts;
  for (const auto& [interval, last] : touched_) {
    starts.push_back(interval);
  }
  tables.read_again(starts, run.now);
  if (!pruned_ || run.now - *pruned_ >= kPruneEvery) {
    journal.prune(source_.name, tables.earliest(run.now));
    pruned_ = run.now;
  }
  return all;
}

void UsageEvents::acknowledge() {
  state_.journal().acknowledge(source_.name, touched_);
  touched_.clear();
}

std::vector<ColumnCheck> UsageEvents::check() {
  state_.journal();
  if (source_.log() == nullptr) {
    return {};
  }
  ColumnCheck found{.query = "log", .columns = {}};
  for (const std::string& path : log_paths(source_.log()->paths)) {
    if (::access(path.c_str(), R_OK) != 0) {
      throw Error(Reason::io,
                  fmt::format("source \"{}\": {} cannot be read; let the exporter's user "
                              "read it",
                              source_.name, path));
    }
    found.columns.push_back(path);
  }
  if (found.columns.empty()) {
    throw Error(Reason::io,
                fmt::format("source \"{}\": there is no file {}; check its \"paths\", and "
                            "that the exporter's user may look into the folder",
                            source_.name, fmt::join(source_.log()->paths, ", ")));
  }
  return {found};
}

Metrics UsageEvents::metrics() const { return tail_ ? tail_->metrics() : describe_log_reading(); }

}  // namespace usage
