#pragma once

#include <algorithm>
#include <string>

#include "exporter/base/clock.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage {

// When a source may try to connect again: 1 s after the first failure, doubling to 60 s. One
// thread.
class Backoff {
 public:
  static constexpr Duration kFirst = std::chrono::seconds(1);
  static constexpr Duration kLongest = std::chrono::seconds(60);

  explicit Backoff(const Clock& clock) : clock_(clock) {}

  // Throws Error(unavailable) while the wait of the last failure lasts.
  void check() const {
    const auto left = std::chrono::ceil<Duration>(until_ - clock_.steady_now());
    if (wait_ > Duration::zero() && left > Duration::zero()) {
      throw Error(Reason::unavailable, message(left));
    }
  }

  // Remembers a failed connect and throws it as Error(unavailable) that says when the next is.
  [[noreturn]] void fail(const std::string& why) {
    wait_ = std::min(wait_ == Duration::zero() ? kFirst : wait_ * 2, kLongest);
    until_ = clock_.steady_now() + wait_;
    why_ = why;
    throw Error(Reason::unavailable, message(wait_));
  }

  void succeeded() { wait_ = Duration::zero(); }

 private:
  std::string message(Duration left) const {
    return fmt::format("{} (tries again in {})", why_,
                       format_duration(std::chrono::ceil<std::chrono::seconds>(left)));
  }

  const Clock& clock_;
  Duration wait_{};  // zero: the last connect succeeded
  SteadyInstant until_{};
  std::string why_;
};

}  // namespace usage
