#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace usage {

// UTC everywhere; microseconds because that is what PostgreSQL stores.
using Instant = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

// Intervals and deadlines use the steady clock: a wall clock that jumps never shortens a timeout.
using SteadyInstant = std::chrono::steady_clock::time_point;
using Deadline = SteadyInstant;

// Where code reads the time. Implementations are safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual SteadyInstant steady_now() const = 0;
};

class SystemClock : public Clock {
 public:
  Instant now() const override;
  SteadyInstant steady_now() const override;
};

// A wall clock that starts at `start` and runs `speed` times as fast as real time; the steady clock
// stays real. The demo uses it to let a product's day pass in a minute.
class ScaledClock : public Clock {
 public:
  ScaledClock(Instant start, double speed);
  Instant now() const override;
  SteadyInstant steady_now() const override;

 private:
  Instant start_;
  SteadyInstant steady_start_;
  double speed_;
};

// Always the same wall time; `once --at` and tests.
class FixedClock : public Clock {
 public:
  explicit FixedClock(Instant at) : at_(at) {}
  Instant now() const override { return at_; }
  SteadyInstant steady_now() const override;

 private:
  Instant at_;
};

// Prometheus notation: "90s", "15m", "1h30m", "7d", "8w", "1500ms". nullopt otherwise. "0" is zero.
std::optional<Duration> parse_duration(std::string_view text);

// The shortest notation that parse_duration reads back: "1h30m", "250ms", "7d".
std::string format_duration(Duration duration);

// Seconds since the epoch, as Prometheus timestamps are.
double unix_seconds(Instant instant);

double seconds(Duration duration);

}  // namespace usage
