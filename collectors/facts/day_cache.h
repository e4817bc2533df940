#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "exporter/clock.h"

namespace usage {

inline Instant day_of(Instant instant) { return std::chrono::floor<std::chrono::days>(instant); }

// What was made of whole UTC days. Several threads may get() at once; two that miss the same day
// both make it. A copy starts empty.
template <typename T>
class DayCache {
 public:
  DayCache() = default;
  DayCache(const DayCache&) : DayCache() {}
  DayCache& operator=(const DayCache&) {
    clear();
    return *this;
  }
  ~DayCache() = default;

  template <typename Make>
  std::shared_ptr<const T> get(Instant day, const Make& make) const {
    {
      const std::lock_guard lock(mutex_);
      const auto found = days_.find(day);
      if (found != days_.end()) {
        return found->second;
      }
    }
    auto made = std::make_shared<const T>(make());
    const std::lock_guard lock(mutex_);
    return days_.emplace(day, std::move(made)).first->second;
  }

  void drop(Instant day) {
    const std::lock_guard lock(mutex_);
    days_.erase(day);
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    days_.clear();
  }
  std::size_t memory_bytes() const {
    const std::lock_guard lock(mutex_);
    std::size_t bytes = 0;
    for (const auto& [day, made] : days_) {
      bytes += made->memory_bytes();
    }
    return bytes;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::map<Instant, std::shared_ptr<const T>> days_;
};

// Splits [from, to) at UTC midnights: whole days are given to `whole`, the rest to `part`.
template <typename Whole, typename Part>
void for_days(Instant from, Instant to, const Whole& whole, const Part& part) {
  while (from < to) {
    const Instant day = day_of(from);
    const Instant next = day + std::chrono::days(1);
    if (day == from && next <= to) {
      whole(day);
      from = next;
    } else {
      const Instant end = next < to ? next : to;
      part(from, end);
      from = end;
    }
  }
}

}  // namespace usage
