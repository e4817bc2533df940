#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "collectors/facts/bucket.h"
#include "collectors/usage/reading/refresh_policy.h"

namespace usage {

inline void add_slice(Bucket& all, const Bucket& slice) { all.merge(slice); }
inline void add_slice(IdSet& all, const IdSet& slice) { all |= slice; }

// The young buckets of one table as sums of slices of kSlice, so that a refresh need not read all
// of a bucket again. Kept in memory alone: after a start they are read once more. One thread.
template <typename Content>
class Slices {
 public:
  // What can replace buckets of the facts.
  struct Whole {
    Interval interval;
    std::map<Instant, Content> buckets;
    Instant read;  // at the latest: when the oldest of its slices was
  };

  const ReadLog& log() const { return log_; }  // of slices

  // Forgets what lies elsewhere.
  void keep(const Interval& young) {
    log_.keep(young);
    std::erase_if(contents_, [&](const auto& entry) {
      return entry.first < young.from || entry.first >= young.to;
    });
  }

  void forget(const Interval& interval) { log_.forget(interval); }

  // Takes what was read of whole slices; those that are not in `found` are empty. Returns the
  // buckets that were touched and of which every slice is known.
  std::vector<Whole> put(const Interval& part, std::map<Instant, Content> found, Instant at,
                         Duration bucket) {
    contents_.erase(contents_.lower_bound(part.from), contents_.lower_bound(part.to));
    contents_.merge(found);
    log_.read(part, kSlice, at);
    std::vector<Whole> touched;
    for (Instant start = floor_to(part.from, bucket); start < part.to; start += bucket) {
      if (auto whole = sum({start, start + bucket})) {
        touched.push_back(*std::move(whole));
      }
    }
    return touched;
  }

 private:
  std::optional<Whole> sum(const Interval& bucket) const {
    Whole whole{bucket, {}, Instant::max()};
    for (Instant start = bucket.from; start < bucket.to; start += kSlice) {
      const std::optional<Instant> read = log_.last_read(start);
      if (!read) {
        return std::nullopt;
      }
      whole.read = std::min(whole.read, *read);
      if (const auto slice = contents_.find(start); slice != contents_.end()) {
        const auto [all, first] = whole.buckets.try_emplace(bucket.from, slice->second);
        if (!first) {
          add_slice(all->second, slice->second);
        }
      }
    }
    return whole;
  }

  ReadLog log_;
  std::map<Instant, Content> contents_;  // by start
};

}  // namespace usage
