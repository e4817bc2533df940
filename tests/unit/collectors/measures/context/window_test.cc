#include "collectors/measures/context/window.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "exporter/base/timestamps.h"

namespace usage {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

Instant instant(const char* text) { return parse_rfc3339(text).value(); }

std::string text(const Interval& interval) {
  return format_rfc3339(interval.from) + " " + format_rfc3339(interval.to);
}

Window rolling(Duration length) { return {.label = "w", .rolling = length}; }
Window calendar(CalendarUnit unit, int offset) {
  return {.label = "w", .rolling = {}, .unit = unit, .offset = offset};
}

std::string bounds(const Window& window, const char* at, bool live = false,
                   const char* zone = "UTC", Duration width = hours(1)) {
  return text(window_bounds(window, instant(at), live, width, TimeZone(zone)));
}

TEST(Window, OnABucketEdgeARollingWindowIsExact) {
  const char* expected = "2026-11-24T08:00:00Z 2026-11-25T08:00:00Z";
  EXPECT_EQ(bounds(rolling(days(1)), "2026-11-25T08:00:00Z"), expected);
  EXPECT_EQ(bounds(rolling(days(1)), "2026-11-25T08:00:00Z", true), expected);
}

TEST(Window, AnyOtherInstantIsRoundedDownUnlessLive) {
  EXPECT_EQ(bounds(rolling(days(1)), "2026-11-25T08:59:59Z"),
            "2026-11-24T08:00:00Z 2026-11-25T08:00:00Z");
  EXPECT_EQ(bounds(rolling(days(1)), "2026-11-25T08:00:01Z", true),
            "2026-11-24T09:00:00Z 2026-11-25T09:00:00Z");
}

TEST(Window, AWindowShorterThanABucketHoldsNone) {
  EXPECT_EQ(bounds(rolling(minutes(10)), "2026-11-25T08:30:00Z"),
            "2026-11-25T08:00:00Z 2026-11-25T08:00:00Z");
}

TEST(Window, ALengthThatIsNoMultipleOfTheBucketIsNeverExceeded) {
  EXPECT_EQ(bounds(rolling(minutes(100)), "2026-11-25T08:00:00Z"),
            "2026-11-25T07:00:00Z 2026-11-25T08:00:00Z");
}

TEST(Window, AWeekBeginsOnMondayAndTheLastOneIsComplete) {
  EXPECT_EQ(bounds(calendar(CalendarUnit::week, -1), "2026-11-25T08:00:00Z"),
            "2026-11-16T00:00:00Z 2026-11-23T00:00:00Z");
  EXPECT_EQ(bounds(calendar(CalendarUnit::week, 0), "2026-11-25T08:30:00Z"),
            "2026-11-23T00:00:00Z 2026-11-25T08:00:00Z");
  // At its very end a week is complete, and the next one holds nothing yet.
  EXPECT_EQ(bounds(calendar(CalendarUnit::week, -1), "2026-11-23T00:00:00Z"),
            "2026-11-16T00:00:00Z 2026-11-23T00:00:00Z");
  EXPECT_EQ(bounds(calendar(CalendarUnit::week, 0), "2026-11-23T00:00:00Z"),
            "2026-11-23T00:00:00Z 2026-11-23T00:00:00Z");
  EXPECT_EQ(bounds(calendar(CalendarUnit::week, -1), "2026-11-22T23:59:59Z", true),
            "2026-11-09T00:00:00Z 2026-11-16T00:00:00Z");
}

TEST(Window, ADayAcrossAChangeOfTheClockHas23Or25Hours) {
  EXPECT_EQ(bounds(calendar(CalendarUnit::day, -1), "2026-03-30T08:00:00Z", false, "Europe/Berlin"),
            "2026-03-28T23:00:00Z 2026-03-29T22:00:00Z");
  EXPECT_EQ(bounds(calendar(CalendarUnit::day, -1), "2026-10-26T08:00:00Z", false, "Europe/Berlin"),
            "2026-10-24T22:00:00Z 2026-10-25T23:00:00Z");
  EXPECT_EQ(
      bounds(calendar(CalendarUnit::day, -1), "2026-11-02T12:00:00Z", false, "America/New_York"),
      "2026-11-01T04:00:00Z 2026-11-02T05:00:00Z");
}

TEST(Window, ADayThatBeginsWithinABucketLosesThatBucket) {
  const Window yesterday = calendar(CalendarUnit::day, -1);
  EXPECT_EQ(bounds(yesterday, "2026-11-25T08:00:00Z", false, "Asia/Kathmandu", minutes(15)),
            "2026-11-23T18:15:00Z 2026-11-24T18:15:00Z");
  EXPECT_EQ(bounds(yesterday, "2026-11-25T08:00:00Z", false, "Asia/Kathmandu"),
            "2026-11-23T19:00:00Z 2026-11-24T18:00:00Z");
}

TEST(Window, TheOpenBucketThatADayEndsWithinIsNotOfThatDay) {
  const Window today = calendar(CalendarUnit::day, 0);
  EXPECT_EQ(bounds(today, "2026-11-25T18:10:00Z", true, "Asia/Kathmandu"),
            "2026-11-24T19:00:00Z 2026-11-25T18:00:00Z");
  EXPECT_EQ(bounds(today, "2026-11-25T18:20:00Z", true, "Asia/Kathmandu"),
            "2026-11-25T19:00:00Z 2026-11-25T19:00:00Z");
}

TEST(Window, ADayThatNeverWasIsEmpty) {
  const Interval day =
      window_bounds(calendar(CalendarUnit::day, -1), instant("2011-12-30T12:00:00Z"), false,
                    hours(1), TimeZone("Pacific/Apia"));
  EXPECT_EQ(day.from, day.to);
}

// Whatever the instant: on edges, not longer than asked for, not beyond the open bucket.
TEST(Window, RandomWindowsKeepTheirPromises) {
  std::mt19937_64 random(3);
  for (const char* name : {"Europe/Berlin", "Asia/Kathmandu", "America/Santiago"}) {
    const TimeZone zone(name);
    for (int i = 0; i < 3'000; ++i) {
      const Duration width = minutes(random() % 2 == 0 ? 60 : 15);
      const Instant at =
          instant("2026-01-01T00:00:00Z") + Duration(random() % (365 * 86'400'000'000));
      const bool live = random() % 2 == 0;
      const Duration length = minutes(random() % (60 * 24 * 40));
      const Interval used = window_bounds(rolling(length), at, live, width, zone);
      ASSERT_EQ(used.from.time_since_epoch() % width, Duration());
      ASSERT_EQ(used.to.time_since_epoch() % width, Duration());
      const Instant reached = live ? at : used.to;  // no row of the open bucket is later
      ASSERT_LE(reached - used.from, length);
      ASSERT_GT(reached - used.from, length - width);
      ASSERT_LT(used.to - width, at);
      ASSERT_TRUE(live || used.to <= at);
      const auto unit =
          std::array{CalendarUnit::day, CalendarUnit::week, CalendarUnit::month}[random() % 3];
      const Interval closed = window_bounds(calendar(unit, -1), at, live, width, zone);
      ASSERT_GE(closed.from, zone.start_of(unit, live ? at : used.to, -1));
      ASSERT_LE(closed.to, zone.start_of(unit, live ? at : used.to));
      const Interval open = window_bounds(calendar(unit, 0), at, live, width, zone);
      ASSERT_GE(open.from, closed.to);
      ASSERT_LT(open.from - closed.to, width + Duration(1));
    }
  }
}

}  // namespace
}  // namespace usage
