#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "collectors/facts/bucket.h"
#include "collectors/facts/day_cache.h"

namespace usage {

// What a feature did in an interval, without the uses and failures of excluded users. Smaller and
// faster to merge than a Bucket, which can leave out any users afterwards. A value.
struct UsageSummary {
  struct Value {
    std::uint64_t uses = 0;
    IdSet users;  // excluded ones included
  };
  std::uint64_t uses = 0, failures = 0;
  std::vector<std::map<std::uint32_t, Value>> dimensions;  // as in Bucket
  IdSet scopes;                                            // of excluded users included

  UsageSummary() = default;
  UsageSummary(const Bucket& sum, const IdSet& excluded);
  void merge(const UsageSummary& other);
  void compact();  // call before keeping it
  std::size_t memory_bytes() const;
};

// Caches summaries of days, of quarters of the days in which windows end, and of the pieces
// between, for one set of excluded users; another set clears it. Thread-safe. A copy starts empty.
class SummaryCache {
 public:
  struct Held {
    IdSet excluded;
    DayCache<UsageSummary> days{128}, ends{96}, pieces{64};
  };

  SummaryCache() = default;
  SummaryCache(const SummaryCache&) {}
  SummaryCache& operator=(const SummaryCache& other) {
    if (&other != this) clear();
    return *this;
  }
  ~SummaryCache() = default;

  std::shared_ptr<const Held> of(const IdSet& excluded) const;
  void drop(Instant instant);  // drops every interval that contains it
  void clear();
  std::size_t memory_bytes() const;

 private:
  mutable std::mutex mutex_;
  mutable std::shared_ptr<Held> held_;
};

}  // namespace usage
