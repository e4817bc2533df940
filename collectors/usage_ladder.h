#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/facts/feature_facts.h"
#include "collectors/usage_config.h"

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

// One step of reading; whole buckets.
struct Reading {
  enum class Why {
    young,    // of the first rung
    missing,  // never read: part of the backfill
    recount,  // read again on a later rung
  };
  Interval interval;
  Why why = Why::young;
  bool operator==(const Reading&) const = default;
};

// What has to be read at `now`, in the order in which it should be: the first rung, then what is
// missing, newest first and at most a UTC day at a time, then the later rungs, which are spread
// evenly over their time by the buckets' place (those read daily by that of their UTC day). A
// bucket that left the first rung is read once more whatever its rung says. `kept` is what should
// be read at all; it ends with the open bucket.
std::vector<Reading> due(Instant now, const Interval& kept, const std::vector<Rung>& rungs,
                         Duration bucket, const ReadLog& log);

// The youngest buckets of `kept`, those that are read in slices: by due() too, with slices for
// buckets. Where the first rung is shorter than a bucket, these are the ages of the first two
// rungs, at most kSlicedAge of them; otherwise none.
constexpr Duration kSlicedAge = std::chrono::hours(6);
Interval sliced(Instant now, const Interval& kept, const std::vector<Rung>& rungs, Duration bucket);

// How much of `kept` was read, from 0 to 1.
double progress(const Interval& kept, Duration bucket, const ReadLog& log);

// Whether all of the interval that lies within `kept` was read.
bool covers(const ReadLog& log, const Interval& interval, const Interval& kept, Duration bucket);

Instant floor_to(Instant instant, Duration bucket);

}  // namespace usage
