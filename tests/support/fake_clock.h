#pragma once

#include <mutex>

#include "exporter/base/clock.h"

namespace usage {

// Stands still until a test moves it. Thread-safe.
class FakeClock : public Clock {
 public:
  explicit FakeClock(Instant now) : now_(now) {}

  Instant now() const override {
    const std::scoped_lock lock(mutex_);
    return now_;
  }
  SteadyInstant steady_now() const override {
    const std::scoped_lock lock(mutex_);
    return steady_;
  }
  // Moves both clocks.
  void advance(Duration by) {
    const std::scoped_lock lock(mutex_);
    now_ += by;
    steady_ += by;
  }

 private:
  mutable std::mutex mutex_;
  Instant now_;
  SteadyInstant steady_{std::chrono::hours(1000)};
};

}  // namespace usage
