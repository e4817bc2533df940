#include "exporter/base/calendar.h"

#include <gtest/gtest.h>

#include "exporter/base/error.h"
#include "exporter/base/timestamps.h"

namespace usage {
namespace {

Instant at(std::string_view text) { return parse_rfc3339(text).value(); }

std::string start(const char* zone, CalendarUnit unit, const char* instant, int offset = 0) {
  return format_rfc3339(TimeZone(zone).start_of(unit, at(instant), offset));
}

TEST(TimeZone, StartsOfDaysFollowTheZone) {
  EXPECT_EQ(start("UTC", CalendarUnit::day, "2026-11-25T08:00:00Z"), "2026-11-25T00:00:00Z");
  EXPECT_EQ(start("Asia/Tokyo", CalendarUnit::day, "2026-11-25T15:00:00Z"), "2026-11-25T15:00:00Z");
  EXPECT_EQ(start("Asia/Kathmandu", CalendarUnit::day, "2026-11-25T18:14:59Z"),
            "2026-11-24T18:15:00Z");
}

TEST(TimeZone, DaysAcrossAClockChangeHave23Or25Hours) {
  // Berlin: 2026-03-29 02:00 → 03:00, 2026-10-25 03:00 → 02:00.
  EXPECT_EQ(start("Europe/Berlin", CalendarUnit::day, "2026-03-30T10:00:00Z", -1),
            "2026-03-28T23:00:00Z");
  EXPECT_EQ(start("Europe/Berlin", CalendarUnit::day, "2026-03-29T10:00:00Z", 1),
            "2026-03-29T22:00:00Z");
  EXPECT_EQ(start("Europe/Berlin", CalendarUnit::day, "2026-10-25T10:00:00Z", 1),
            "2026-10-25T23:00:00Z");
}

TEST(TimeZone, AMidnightThatDoesNotExistIsTheChange) {
  // Santiago skips 2026-09-06 00:00 to 01:00.
  EXPECT_EQ(start("America/Santiago", CalendarUnit::day, "2026-09-06T12:00:00Z"),
            "2026-09-06T04:00:00Z");
}

TEST(TimeZone, WeeksBeginOnMondayAndMonthsOnTheFirst) {
  EXPECT_EQ(start("UTC", CalendarUnit::week, "2026-11-25T08:00:00Z"), "2026-11-23T00:00:00Z");
  EXPECT_EQ(start("UTC", CalendarUnit::week, "2026-11-22T23:59:59Z"), "2026-11-16T00:00:00Z");
  EXPECT_EQ(start("UTC", CalendarUnit::week, "2026-11-23T00:00:00Z", -1), "2026-11-16T00:00:00Z");
  EXPECT_EQ(start("UTC", CalendarUnit::month, "2026-03-31T08:00:00Z", -1), "2026-02-01T00:00:00Z");
  EXPECT_EQ(start("UTC", CalendarUnit::month, "2026-12-31T08:00:00Z", 1), "2027-01-01T00:00:00Z");
}

TEST(TimeZone, LocalTimeAndBack) {
  const TimeZone zone("Asia/Kathmandu");
  const LocalTime local = zone.local(at("2026-11-25T08:00:00Z"));
  EXPECT_EQ(local, (LocalTime{2026, 11, 25, 13, 45, 0, 3}));
  EXPECT_EQ(zone.instant(local), at("2026-11-25T08:00:00Z"));
}

TEST(TimeZone, ATimeShownTwiceIsTheFirst) {
  const TimeZone zone("Europe/Berlin");
  EXPECT_EQ(format_rfc3339(zone.instant({2026, 10, 25, 2, 30, 0, 0})), "2026-10-25T00:30:00Z");
}

TEST(TimeZone, UnknownNamesAreRefused) { EXPECT_THROW(TimeZone("Europe/Berln"), Error); }

}  // namespace
}  // namespace usage
