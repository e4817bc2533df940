#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/base/log.h"
#include "exporter/exposition/metric.h"

namespace usage {

// One run. All outlives the collector.
struct RunContext {
  Instant now;  // the wall time of the whole run; `once --at` and backfills set it
  Deadline deadline;
  Log& log;
  const Clock& clock;  // for steady_now(): collectors measure with no other clock
};

// What a run found: a complete, validated set, or nothing (an exception).
struct Collection {
  Metrics metrics;
  std::uint64_t rows = 0;            // read from the source
  std::uint64_t skipped_rows = 0;    // left out by a NULL policy
  std::uint64_t merged_rows = 0;     // duplicates merged by a policy
  std::uint64_t dropped_series = 0;  // folded or left out by a limit policy
  bool keep_published = false;       // nothing new: what is on the page stays as it is
  bool more = false;                 // there is more to read: the next run need not wait
};

struct ColumnCheck {
  std::string query;                 // the query's name in the config
  std::vector<std::string> columns;  // "total integer (int8)"
};

// Turns one source's rows into families. Owned and called by one thread.
class Collector {
 public:
  virtual ~Collector() = default;

  // The families a run may produce, without samples: known from config alone, so that clashes are
  // found without a database.
  virtual Metrics describe() const = 0;

  // Throws Error; then nothing of this run is published.
  virtual Collection collect(const RunContext& run) = 0;

  // Families that say how the collector itself is. Published after every run, failed or not, and
  // not part of what collect() gives; describe() has them too.
  virtual Metrics health() const { return {}; }

  // Prepares every query and checks that the columns the config names exist. Throws Error.
  virtual std::vector<ColumnCheck> check(const RunContext& run) = 0;
};

}  // namespace usage
