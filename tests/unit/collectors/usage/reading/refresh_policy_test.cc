#include "collectors/usage/reading/refresh_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "exporter/base/error.h"
#include "exporter/base/timestamps.h"

namespace usage {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Duration kBucket = hours(1);
const std::vector<RefreshTier> kRungs{{hours(2), {}}, {days(3), hours(1)}, {std::nullopt, days(1)}};

Instant at(const char* text) { return parse_rfc3339(text).value(); }

Interval last(Duration length, Instant now) {
  const Instant end = floor_to(now, kBucket) + kBucket;
  return {end - length, end};
}

std::vector<PlannedRead> of(ReadReason why, const std::vector<PlannedRead>& readings) {
  std::vector<PlannedRead> some;
  std::copy_if(readings.begin(), readings.end(), std::back_inserter(some),
               [&](const PlannedRead& reading) { return reading.reason == why; });
  return some;
}

TEST(UsageLadder, FirstTheYoungThenWhatIsMissingNewestFirstADayAtATime) {
  const Instant now = at("2026-11-25T08:20:00Z");
  EXPECT_THAT(plan_reads(now, last(hours(40), now), kRungs, kBucket, {}),
              ElementsAre(PlannedRead{{at("2026-11-25T06:00:00Z"), at("2026-11-25T09:00:00Z")},
                                      ReadReason::young},
                          PlannedRead{{at("2026-11-25T00:00:00Z"), at("2026-11-25T06:00:00Z")},
                                      ReadReason::missing},
                          PlannedRead{{at("2026-11-24T00:00:00Z"), at("2026-11-25T00:00:00Z")},
                                      ReadReason::missing},
                          PlannedRead{{at("2026-11-23T17:00:00Z"), at("2026-11-24T00:00:00Z")},
                                      ReadReason::missing}));
}

TEST(UsageLadder, ARefreshOfACompleteLogReadsTheYoungAlone) {
  const Instant now = at("2026-11-25T08:20:00Z");
  ReadLog log;
  log.read(last(days(90), now), kBucket, now);
  const auto readings = plan_reads(now, last(days(90), now), kRungs, kBucket, log);
  EXPECT_THAT(readings,
              ElementsAre(PlannedRead{{at("2026-11-25T06:00:00Z"), at("2026-11-25T09:00:00Z")},
                                      ReadReason::young}));
}

// The clock goes on minute by minute and everything due is read at once.
struct Simulation {
  Instant now = at("2026-11-25T08:20:00Z");
  Duration history = days(20);
  ReadLog log;
  std::map<Instant, std::vector<Instant>> reads;  // bucket → when
  std::size_t most = 0;                           // buckets at once on later tiers

  void run(Duration length) {
    for (const Instant end = now + length; now < end; now += minutes(1)) {
      const auto readings = plan_reads(now, last(history, now), kRungs, kBucket, log);
      std::size_t buckets = 0;
      for (const PlannedRead& reading : readings) {
        log.read(reading.interval, kBucket, now);
        for (Instant start = reading.interval.from; start < reading.interval.to; start += kBucket) {
          reads[start].push_back(now);
          buckets += reading.reason == ReadReason::recount ? 1 : 0;
        }
      }
      most = std::max(most, buckets);
    }
  }

  Duration longest_gap(Instant bucket) const {
    Duration longest{};
    const std::vector<Instant>& times = reads.at(bucket);
    for (std::size_t i = 1; i < times.size(); ++i) {
      longest = std::max<Duration>(longest, times[i] - times[i - 1]);
    }
    return longest;
  }
};

TEST(UsageLadder, EveryBucketIsReadAsOftenAsItsRungSays) {
  Simulation simulation;
  simulation.run(days(3));
  // Two hours old, a day old, and ten days old at the start.
  EXPECT_LE(simulation.longest_gap(at("2026-11-28T05:00:00Z")), hours(1));
  EXPECT_LE(simulation.longest_gap(at("2026-11-27T20:00:00Z")), hours(1));
  EXPECT_LE(simulation.longest_gap(at("2026-11-15T08:00:00Z")), days(1));
  EXPECT_GE(simulation.reads.at(at("2026-11-15T08:00:00Z")).size(), 3U);
  EXPECT_LE(simulation.reads.at(at("2026-11-15T08:00:00Z")).size(), 5U);
}

TEST(UsageLadder, LaterRungsAreSpread) {
  Simulation simulation;
  simulation.run(minutes(1));
  simulation.most = 0;
  simulation.run(days(2));
  EXPECT_LE(simulation.most, 3 * 24U);  // hours of the younger days, and a day or two
}

TEST(UsageLadder, WhatIsReadDailyIsReadByWholeDays) {
  const Instant now = at("2026-11-25T00:30:00Z");
  ReadLog log;
  log.read(last(days(30), now), kBucket, now);
  const Instant later = now + hours(12);
  const Interval old{at("2026-11-01"), at("2026-11-21")};
  const auto readings = plan_reads(later, old, kRungs, kBucket, log);
  EXPECT_GE(readings.size(), 5U);  // about half of twenty
  EXPECT_LE(readings.size(), 15U);
  for (const PlannedRead& reading : readings) {
    EXPECT_EQ(reading.interval.to - reading.interval.from, days(1));
  }
}

TEST(UsageLadder, ABucketThatLeftTheFirstRungIsReadOnceMore) {
  const std::vector<RefreshTier> tiers{{hours(2), {}}, {std::nullopt, days(300)}};
  const Instant read = at("2026-11-25T08:20:00Z");
  ReadLog log;
  log.read(last(days(1), read), kBucket, read);
  const Instant now = at("2026-11-25T20:20:00Z");
  const auto again =
      of(ReadReason::recount,
         plan_reads(now, {last(days(1), read).from, last(days(1), now).to}, tiers, kBucket, log));
  // Those that were young at 08:20, the open one among them; what came since was never read.
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].interval, (Interval{at("2026-11-25T06:00:00Z"), at("2026-11-25T09:00:00Z")}));
  log.read(again[0].interval, kBucket, now);
  EXPECT_THAT(of(ReadReason::recount, plan_reads(now, last(days(1), now), tiers, kBucket, log)),
              IsEmpty());
}

TEST(UsageLadder, AClockThatWasSetBackReadsNothingTwice) {
  const Instant now = at("2026-11-25T08:20:00Z");
  ReadLog log;
  log.read(last(days(9), now), kBucket, now);
  const Instant earlier = now - hours(1);
  EXPECT_THAT(
      of(ReadReason::recount, plan_reads(earlier, last(days(8), earlier), kRungs, kBucket, log)),
      IsEmpty());
}

TEST(UsageLadder, YoungBucketsAreSlicedWhereTheFirstRungIsShorterThanABucket) {
  const Instant now = at("2026-11-25T08:20:00Z");
  const Interval kept = last(days(30), now);
  const auto young = [&](std::vector<RefreshTier> tiers) {
    tiers.push_back({std::nullopt, days(1)});
    return kept.to - sliced(now, kept, tiers, kBucket).from;
  };
  EXPECT_EQ(young({{minutes(10), {}}, {hours(2), minutes(10)}, {days(3), hours(1)}}), hours(3));
  EXPECT_EQ(young({{minutes(10), {}}}), hours(1));
  EXPECT_EQ(young({{minutes(30), {}}}), hours(2));
  EXPECT_EQ(young({{minutes(10), {}}, {days(3), minutes(10)}}), hours(7)) << "kSlicedAge";
  EXPECT_EQ(young({{hours(1), {}}, {hours(2), minutes(10)}}), hours(0));
  EXPECT_EQ(young({}), hours(0));
  const Interval fresh{kept.to - hours(1), kept.to};
  EXPECT_EQ(sliced(now, fresh, {{minutes(10), {}}, {hours(2), {}}, {{}, days(1)}}, kBucket), fresh);
}

TEST(UsageLadder, ALogCanForget) {
  const Instant now = at("2026-11-25T08:20:00Z");
  ReadLog log;
  log.read(last(days(1), now), kBucket, now);
  log.keep({at("2026-11-25T06:00:00Z"), at("2026-11-25T08:00:00Z")});
  EXPECT_EQ(log.serialize(kBucket), "1795586400000000 2 1795594800000000\n");
}

TEST(UsageLadder, ProgressAndCover) {
  const Instant now = at("2026-11-25T08:20:00Z");
  const Interval all = last(hours(10), now);
  ReadLog log;
  EXPECT_EQ(progress(all, kBucket, log), 0);
  log.read({all.to - hours(4), all.to}, kBucket, now);
  EXPECT_EQ(progress(all, kBucket, log), 0.4);
  EXPECT_TRUE(covers(log, {all.to - hours(4), all.to}, all, kBucket));
  EXPECT_FALSE(covers(log, {all.to - hours(5), all.to}, all, kBucket));
  // Before the kept history there is nothing to read.
  EXPECT_TRUE(covers(log, {all.to - days(9), all.to}, {all.to - hours(4), all.to}, kBucket));
  EXPECT_EQ(progress({all.to, all.to}, kBucket, log), 1);
}

TEST(UsageLadder, TheLogIsWrittenAsRuns) {
  const Instant now = at("2026-11-25T08:20:00Z");
  ReadLog log;
  log.read({now - days(30), now}, kBucket, now);
  log.read({now - days(2), now - days(1)}, kBucket, now + minutes(1));
  const std::string text = log.serialize(kBucket);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_EQ(ReadLog::parse(text, kBucket), log);
  EXPECT_EQ(ReadLog::parse("", kBucket), ReadLog());
  EXPECT_THROW(ReadLog::parse("1 2", kBucket), Error);
  EXPECT_THROW(ReadLog::parse("1 99999999999 3", kBucket), Error);
}

TEST(UsageLadder, EdgesBeforeTheEpochToo) {
  EXPECT_EQ(floor_to(at("1969-12-31T23:30:00Z"), kBucket), at("1969-12-31T23:00:00Z"));
  EXPECT_EQ(floor_to(at("1969-12-31T23:00:00Z"), kBucket), at("1969-12-31T23:00:00Z"));
}

TEST(UsageLadder, BucketsThatGotRowsSinceTheyWereReadAreMissingAgain) {
  const Instant now = at("2026-11-25T08:20:00Z");
  const Interval kept = last(hours(10), now);
  ReadLog log;
  log.read(kept, kBucket, now);
  const Interval late{at("2026-11-25T01:00:00Z"), at("2026-11-25T03:00:00Z")};
  log.forget(late);
  EXPECT_THAT(of(ReadReason::missing, plan_reads(now, kept, kRungs, kBucket, log)),
              ElementsAre(PlannedRead{late, ReadReason::missing}));
  EXPECT_DOUBLE_EQ(progress(kept, kBucket, log), 0.8);
}

}  // namespace
}  // namespace usage
