#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "collectors/facts/bucket.h"
#include "collectors/facts/day_cache.h"

namespace usage {

// What a feature did in an interval, without the uses and failures of excluded users. A value;
// smaller and quicker to add up than a Bucket, which can leave any users out afterwards.
struct UsageSummary {
  struct Value {
    std::uint64_t uses = 0;
    IdSet users;  // the excluded ones too
  };
  std::uint64_t uses = 0, failures = 0;
  std::vector<std::map<std::uint32_t, Value>> dimensions;  // as in Bucket
  IdSet scopes;                                            // of excluded users too

  UsageSummary() = default;
  UsageSummary(const Bucket& sum, const IdSet& excluded);
  void merge(const UsageSummary& other);
  void compact();  // before it is kept
  std::size_t memory_bytes() const;
};

// Remembers what was done in days, in quarters of the days in which windows end, and between, for
// one set of excluded users: asked with another, it begins anew. Several threads may ask; a copy
// starts empty.
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
  void drop(Instant instant);  // whatever holds it
  void clear();
  std::size_t memory_bytes() const;

 private:
  mutable std::mutex mutex_;
  mutable std::shared_ptr<Held> held_;
};

}  // namespace usage
