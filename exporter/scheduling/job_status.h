#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "exporter/base/clock.h"
#include "exporter/base/error.h"

namespace usage {

enum class JobState { starting, healthy, failing, stale };

// State of one collector on one source, for pages and readiness. A value.
struct JobStatus {
  std::string collector;
  std::string kind;
  std::string source;
  JobState state = JobState::starting;
  bool running = false;
  std::string schedule;  // "every 1m", "cron 0 6 * * * (Europe/Berlin)"
  std::optional<Instant> last_attempt, last_success, next_run;
  std::optional<Duration> last_duration;
  std::uint64_t rows = 0;
  std::size_t series = 0;
  std::optional<Reason> error_reason;  // of the last run, if it failed
  std::string error;
};

std::string_view to_string(JobState state);

}  // namespace usage
