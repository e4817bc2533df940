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
struct Done {
  struct Value {
    std::uint64_t uses = 0;
    UserSet users;  // the excluded ones too
  };
  std::uint64_t uses = 0, failures = 0;
  std::vector<std::map<std::uint32_t, Value>> dimensions;  // as in Bucket
  UserSet scopes;                                          // of excluded users too

  Done() = default;
  Done(const Bucket& sum, const UserSet& excluded);
  void merge(const Done& other);
  void compact();  // before it is kept
  std::size_t memory_bytes() const;
};

// Remembers what was done in days, in quarters of the days in which windows end, and between, for
// one set of excluded users: asked with another, it begins anew. Several threads may ask; a copy
// starts empty.
class DoneCache {
 public:
  struct Held {
    UserSet excluded;
    DayCache<Done> days{128}, ends{96}, pieces{64};
  };

  DoneCache() = default;
  DoneCache(const DoneCache&) {}
  DoneCache& operator=(const DoneCache& other) {
    if (&other != this) clear();
    return *this;
  }
  ~DoneCache() = default;

  std::shared_ptr<const Held> of(const UserSet& excluded) const;
  void drop(Instant instant);  // whatever holds it
  void clear();
  std::size_t memory_bytes() const;

 private:
  mutable std::mutex mutex_;
  mutable std::shared_ptr<Held> held_;
};

}  // namespace usage
