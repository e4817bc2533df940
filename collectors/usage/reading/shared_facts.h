#pragma once

#include <mutex>

#include "collectors/facts/facts.h"

namespace usage {

// The facts of the process with the lock that guards them. Rows are read without the lock and
// folded under it, because all sources number the same users.
struct SharedFacts {
  std::mutex mutex;
  Facts facts;
  bool is_bucket(Duration width) {
    const std::scoped_lock lock(mutex);
    return width == facts.bucket_width;
  }
};

}  // namespace usage
