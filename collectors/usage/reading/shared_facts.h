#pragma once

#include <mutex>

#include "collectors/facts/facts.h"

namespace usage {

// The facts of the process; only LockedFacts gives access. Rows are read without the lock and
// folded under it, because all sources number the same users.
class SharedFacts {
 private:
  friend class LockedFacts;
  std::mutex mutex_;
  Facts facts_;
};

// Holds the lock of the facts as long as it lives. A function that takes one needs the lock.
class LockedFacts {
 public:
  explicit LockedFacts(SharedFacts& shared) : lock_(shared.mutex_), facts_(shared.facts_) {}
  LockedFacts(const LockedFacts&) = delete;
  LockedFacts& operator=(const LockedFacts&) = delete;

  Facts& operator*() const { return facts_; }
  Facts* operator->() const { return &facts_; }

 private:
  const std::unique_lock<std::mutex> lock_;
  Facts& facts_;
};

}  // namespace usage
