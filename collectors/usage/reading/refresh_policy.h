#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/facts/feature_facts.h"
#include "collectors/usage/config/usage_config.h"

namespace usage {

// When each bucket of a table was last read; buckets that are not in it never were. Written as runs
// of buckets that were read together. A value.
class ReadLog {
 public:
  // For every bucket of the interval, whose ends lie on bucket edges.
  void read(const Interval& interval, Duration bucket, Instant at);
  std::optional<Instant> last_read(Instant bucket_start) const;
  void keep(const Interval& interval);  // forgets the others
  void forget(const Interval& interval);
  void clear() { read_.clear(); }
  bool empty() const { return read_.empty(); }

  std::string serialize(Duration bucket) const;
  static ReadLog parse(std::string_view text, Duration bucket);  // Error(data)
  bool operator==(const ReadLog&) const = default;

 private:
  std::map<Instant, Instant> read_;  // start of bucket → when
};

enum class ReadReason {
  young,    // of the first tier
  missing,  // never read: part of the backfill
  recount,  // read again on a later tier
};

// One step of reading; whole buckets.
struct PlannedRead {
  Interval interval;
  ReadReason reason = ReadReason::young;
  bool operator==(const PlannedRead&) const = default;
};

// What has to be read at `now`, in the order in which it should be: the first tier, then what is
// missing, newest first and at most a UTC day at a time, then the later tiers, which are spread
// evenly over their time by the buckets' place (those read daily by that of their UTC day). A
// bucket that left the first tier is read once more whatever its tier says. `kept` is what should
// be read at all; it ends with the open bucket.
std::vector<PlannedRead> plan_reads(Instant now, const Interval& kept,
                                    const std::vector<RefreshTier>& tiers, Duration bucket,
                                    const ReadLog& log);

// The youngest buckets of `kept`, those that are read in slices: by plan_reads() too, with slices
// for buckets. Where the first tier is shorter than a bucket, these are the ages of the first two
// tiers, at most kSlicedAge of them; otherwise none.
constexpr Duration kSlicedAge = std::chrono::hours(6);
Interval sliced(Instant now, const Interval& kept, const std::vector<RefreshTier>& tiers,
                Duration bucket);

// How much of `kept` was read, from 0 to 1.
double progress(const Interval& kept, Duration bucket, const ReadLog& log);

// Whether all of the interval that lies within `kept` was read.
bool covers(const ReadLog& log, const Interval& interval, const Interval& kept, Duration bucket);

Instant floor_to(Instant instant, Duration bucket);

}  // namespace usage
