#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "exporter/base/clock.h"

namespace usage {

inline Instant day_of(Instant instant) { return std::chrono::floor<std::chrono::days>(instant); }

// LRU cache of merged results by interval, at most `max`; most intervals lie within one UTC day.
// Several threads may call get() at once; if two miss the same interval, both merge it. A copy
// starts empty.
template <typename T>
class DayCache {
 public:
  explicit DayCache(std::size_t max) : max_(max) {}
  DayCache(const DayCache& other) : max_(other.max_) {}
  DayCache& operator=(const DayCache& other) {
    if (this != &other) {
      clear();
      max_ = other.max_;
    }
    return *this;
  }
  ~DayCache() = default;

  template <typename Make>
  std::shared_ptr<const T> get(Instant from, Instant to, const Make& make) const {
    if (auto known = find(from, to)) {
      return known;
    }
    auto made = std::make_shared<const T>(make());
    const std::lock_guard lock(mutex_);
    if (held_.size() >= max_) {
      std::erase_if(held_,
                    [this](const auto& entry) { return entry.second.used + max_ / 2 <= uses_; });
    }
    held_[{from, to}] = {made, ++uses_};
    return made;
  }

  // Nullptr if it is not held.
  std::shared_ptr<const T> find(Instant from, Instant to) const {
    const std::lock_guard lock(mutex_);
    const auto found = held_.find({from, to});
    if (found == held_.end()) {
      return nullptr;
    }
    found->second.used = ++uses_;
    return found->second.made;
  }

  // Drops every interval that contains the instant.
  void drop_around(Instant instant) {
    const std::lock_guard lock(mutex_);
    std::erase_if(held_, [instant](const auto& entry) {
      return entry.first.first <= instant && instant < entry.first.second;
    });
  }
  // Drops every interval within the UTC day of the instant.
  void drop(Instant instant) {
    const Instant day = day_of(instant);
    const std::lock_guard lock(mutex_);
    held_.erase(held_.lower_bound({day, day}),
                held_.lower_bound({day + std::chrono::days(1), Instant::min()}));
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    held_.clear();
  }
  std::size_t memory_bytes() const {
    const std::lock_guard lock(mutex_);
    std::size_t bytes = 0;
    for (const auto& [interval, entry] : held_) {
      bytes += entry.made->memory_bytes();
    }
    return bytes;
  }

 private:
  struct Entry {
    std::shared_ptr<const T> made;
    std::uint64_t used = 0;
  };
  std::size_t max_;
  mutable std::mutex mutex_;
  mutable std::map<std::pair<Instant, Instant>, Entry> held_;
  mutable std::uint64_t uses_ = 0;
};

// Calls `visit` for each part of [from, to), split at UTC midnights; for_quarters() splits at 6, 12
// and 18 o'clock too.
template <typename Split, typename Visit>
void for_each_of(Instant from, Instant to, const Visit& visit) {
  while (from < to) {
    const Instant next = std::chrono::floor<Split>(from) + Split(1);
    const Instant end = next < to ? next : to;
    visit(from, end);
    from = end;
  }
}
template <typename Visit>
void for_days(Instant from, Instant to, const Visit& visit) {
  for_each_of<std::chrono::days>(from, to, visit);
}
using QuarterDay = std::chrono::duration<int, std::ratio<6 * 3600>>;
template <typename Visit>
void for_quarters(Instant from, Instant to, const Visit& visit) {
  for_each_of<QuarterDay>(from, to, visit);
}

}  // namespace usage
