#include "exporter/base/iso_week.h"

#include <gtest/gtest.h>

#include "exporter/base/timestamps.h"

namespace usage {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

Instant at(std::string_view text) { return parse_rfc3339(text).value(); }

TEST(IsoWeek, IsReadAndWrittenAlike) {
  for (const char* text : {"2026-W47", "2020-W53", "2026-W01", "2026-W53", "2021-W52"}) {
    const auto week = parse_iso_week(text);
    ASSERT_TRUE(week) << text;
    EXPECT_EQ(format_iso_week(*week), text);
  }
}

TEST(IsoWeek, NothingElseIsAWeek) {
  for (const char* text : {"", "2026", "2026-47", "2026-W4", "2026-W047", "2026-W00", "2026-W54",
                           "2026-w47", "2026W47", "2025-W53", "2021-W53", "-026-W47", "2026-W-1",
                           "2026-W+1", "0000-W01", "2026-W47 ", "last"}) {
    EXPECT_FALSE(parse_iso_week(text)) << text;
  }
}

// 2020 and 2026 have a week 53; it holds days of the next year. 1 January 2021 is one of them.
TEST(IsoWeek, YearsBeginWithTheWeekOfTheirFirstThursday) {
  const auto of = [](int year, unsigned month, unsigned day) {
    return format_iso_week(iso_week_of(
        sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day))));
  };
  EXPECT_EQ(of(2021, 1, 1), "2020-W53");
  EXPECT_EQ(of(2021, 1, 3), "2020-W53");
  EXPECT_EQ(of(2021, 1, 4), "2021-W01");
  EXPECT_EQ(of(2024, 12, 30), "2025-W01");
  EXPECT_EQ(of(2024, 12, 29), "2024-W52");
  EXPECT_EQ(of(2026, 11, 25), "2026-W48");
  EXPECT_EQ(of(2027, 1, 3), "2026-W53");
}

TEST(IsoWeek, EveryDayIsInTheWeekThatBeginsBefore) {
  const sys_days first(std::chrono::year(1999) / 1 / 1);
  for (int i = 0; i < 20'000; ++i) {
    const sys_days day = first + days(i);
    const IsoWeek week = iso_week_of(day);
    EXPECT_LE(monday_of(week), day);
    EXPECT_GT(monday_of(week) + days(7), day);
    EXPECT_EQ(parse_iso_week(format_iso_week(week)), week);
  }
}

TEST(IsoWeek, BeginsAtMidnightOfTheZone) {
  const IsoWeek week{2026, 47};
  EXPECT_EQ(start_of(week, TimeZone()), at("2026-11-16T00:00:00Z"));
  EXPECT_EQ(start_of(week, TimeZone("Asia/Kolkata")), at("2026-11-15T18:30:00Z"));
  EXPECT_EQ(start_of(week, TimeZone("America/Los_Angeles"), 1), at("2026-11-23T08:00:00Z"));
  // A week with the end of summer time is an hour longer.
  const TimeZone berlin("Europe/Berlin");
  EXPECT_EQ(start_of({2026, 43}, berlin, 1) - start_of({2026, 43}, berlin),
            std::chrono::hours(169));
}

TEST(IsoWeek, TheLastCompleteOneEndsWithTheLocalWeek) {
  const auto last = [](std::string_view now, const char* zone) {
    return format_iso_week(last_complete_week(at(now), TimeZone(zone)));
  };
  EXPECT_EQ(last("2026-11-22T23:59:59Z", "UTC"), "2026-W46");
  EXPECT_EQ(last("2026-11-23T00:00:00Z", "UTC"), "2026-W47");
  EXPECT_EQ(last("2026-11-22T23:00:00Z", "Europe/Berlin"), "2026-W47");
  EXPECT_EQ(last("2026-11-23T00:00:00Z", "America/New_York"), "2026-W46");
  EXPECT_EQ(last("2027-01-04T12:00:00Z", "UTC"), "2026-W53");
  EXPECT_EQ(last("2021-01-05T12:00:00Z", "UTC"), "2020-W53");
}

}  // namespace
}  // namespace usage
