#pragma once

#include "collectors/api/collector.h"
#include "collectors/events/journal.h"
#include "collectors/events/logs/event_log_tailer.h"
#include "collectors/usage/config/usage_config.h"
#include "collectors/usage/usage_state.h"
#include "collectors/usage/usage_tables.h"

namespace usage {

// What a source of events has beside its rows in the journal: logs that are read into it, and late
// events, which are noticed. One thread, that of the source.
class UsageEvents {
 public:
  // The state outlives this. Opens nothing.
  UsageEvents(const UsageConfig& config, const SourceConfig& source, UsageState& state);

  // Brings the journal up to date and has the tables read again what they must. False: half of the
  // run's time was not enough, the next run goes on. Throws Error.
  bool read(const RunContext& run, UsageTables& tables);
  // Once the facts of what read() found are kept.
  void acknowledge();

  // Makes the journal, whose tables are checked next. The files that the globs of a log lead to;
  // Error(io) when there is none, or one cannot be read.
  std::vector<ColumnCheck> check();

  Metrics metrics() const;  // those of describe_log_reading()

 private:
  const SourceConfig source_;
  const EventFilter kept_;
  UsageState& state_;
  std::optional<EventLogTailer> tail_;
  Journal::Touched touched_;
  std::optional<Instant> pruned_;
};

}  // namespace usage
