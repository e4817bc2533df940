#include "exporter/base/timestamps.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "exporter/base/calendar.h"

namespace usage {
namespace {

using namespace std::chrono_literals;

Instant at(std::string_view text) { return parse_rfc3339(text).value(); }

TEST(Rfc3339, ReadsWhatTheStandardAllows) {
  EXPECT_EQ(at("1970-01-01T00:00:00Z").time_since_epoch(), 0s);
  EXPECT_EQ(at("2026-11-25T08:00:00Z").time_since_epoch(), 1795593600s);
  EXPECT_EQ(at("2026-11-25T09:30:00+01:30"), at("2026-11-25T08:00:00Z"));
  EXPECT_EQ(at("2026-11-25T08:00:00.25Z"), at("2026-11-25T08:00:00Z") + 250ms);
  EXPECT_EQ(at("2026-11-25"), at("2026-11-25T00:00:00Z"));
  EXPECT_EQ(at("2024-02-29 12:00:00z"), at("2024-02-29T12:00:00Z"));
  // Digits past the microsecond are dropped.
  EXPECT_EQ(at("2026-11-25T08:00:00.1234567Z"), at("2026-11-25T08:00:00Z") + 123456us);
}

TEST(Rfc3339, RefusesEverythingElse) {
  for (const char* text : {"", "2026", "2026-13-01", "2025-02-29", "2026-11-25T",
                           "2026-11-25T08:00", "2026-11-25T08:00:00", "2026-11-25T24:00:00Z",
                           "2026-11-25T08:60:00Z", "2026-11-25T08:00:00.Z", "2026-11-25T08:00:00Zx",
                           "2026-11-25T08:00:00+1", "26-11-25T08:00:00Z", "yesterday"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Rfc3339, WritesWhatItReads) {
  for (const char* text : {"2026-11-25T08:00:00Z", "1969-12-31T23:59:59.5Z",
                           "2026-03-29T01:00:00.000001Z", "0001-01-01T00:00:00Z"}) {
    EXPECT_EQ(format_rfc3339(at(text)), text);
  }
}

TEST(SqlTime, MayLackSecondsAndOffset) {
  const Instant eight = at("2026-11-25T08:00:00Z");
  for (const char* text :
       {"2026-11-25 08:00:00", "2026-11-25 08:00", "2026-11-25T08:00:00", "2026-11-25t08:00",
        "2026-11-25 08:00:00Z", "2026-11-25 09:00:00+01:00", "2026-11-25 08:00:00.000"}) {
    EXPECT_EQ(parse_sql_time(text), eight) << text;
  }
  EXPECT_EQ(parse_sql_time("2026-11-25 08:00:00.1239996"), eight + 123999us);
  EXPECT_EQ(parse_sql_time("2026-11-25"), eight - 8h);
  for (const char* text :
       {"", "2026-11-25 ", "2026-11-25 08", "2026-11-25 08:", "2026-11-25 08:00Z",
        "2026-11-25 08:00:00.", "2026-11-25 08:00:00+01", "2026-11-25 08:00:00 Z",
        "2026-11-25 08:00:60", "2026-02-29", "2026-11-25 08:00:00+0100", "1795593600"}) {
    EXPECT_FALSE(parse_sql_time(text)) << text;
  }
}

TEST(SqlTime, IsWrittenWithoutZone) {
  EXPECT_EQ(format_sql_time(at("2026-11-25T08:00:00.250Z")), "2026-11-25 08:00:00.25");
  EXPECT_EQ(format_sql_time(at("1969-12-31T23:59:59Z")), "1969-12-31 23:59:59");
  EXPECT_EQ(format_date(at("1969-12-31T23:59:59Z")), "1969-12-31");
  EXPECT_EQ(format_date(44, 3, 15), "0044-03-15");
}

TEST(Timestamps, EachFormTakesItsOwnDepartures) {
  const TimestampForm strict{.separators = "T"};
  const TimestampForm loose{.separators = "T",
                            .may_have_comma = true,
                            .may_have_blanks = true,
                            .offset = TimestampForm::Offset::digits_too};
  const TimestampForm hours_too{.separators = "T", .offset = TimestampForm::Offset::hours_too};
  const auto reads = [](const char* text, const TimestampForm& form) {
    const auto found = parse_timestamp(text, form);
    return found && found->utc() == at("2026-11-25T08:00:00Z");
  };
  EXPECT_TRUE(reads("2026-11-25T09:00:00,0  +0100", loose));
  EXPECT_FALSE(reads("2026-11-25T09:00:00+01", loose));
  EXPECT_TRUE(reads("2026-11-25T09:00:00+01", hours_too));
  EXPECT_TRUE(reads("2026-11-25T13:45:00+05:45", hours_too));
  EXPECT_FALSE(reads("2026-11-25T09:00:00+0100", hours_too));
  for (const char* text :
       {"2026-11-25T09:00:00,0+01:00", "2026-11-25T09:00:00 +01:00", "2026-11-25T09:00:00+01",
        "2026-11-25T09:00:00+0100", "2026-11-25", "2026-11-25 08:00:00", "2026-11-25T08:00"}) {
    EXPECT_FALSE(parse_timestamp(text, strict)) << text;
  }
  EXPECT_FALSE(parse_timestamp("2026-11-25T08:00:00", strict)->offset);
}

TEST(Timestamps, AWallClockIsThatOfAZone) {
  const TimeZone berlin("Europe/Berlin");
  EXPECT_EQ(berlin.from_wall(at("2026-11-25T08:00:00.25Z")), at("2026-11-25T07:00:00.25Z"));
  EXPECT_EQ(berlin.from_wall(at("2026-03-29T02:30:00Z")), at("2026-03-29T01:00:00Z"));
}

TEST(Since1970, IsCountedInUnits) {
  EXPECT_EQ(instant_since_1970(1.5, 1s), Instant(1500ms));
  EXPECT_EQ(instant_since_1970(-1.5, 1ms), Instant(-1500us));
  EXPECT_EQ(instant_since_1970(0.0000015, 1s), Instant(1us));
}

TEST(Since1970, TheSizeTellsTheUnit) {
  const Instant instant(1'795'593'600s);
  for (const std::int64_t count :
       {1'795'593'600L, 1'795'593'600'000L, 1'795'593'600'000'000L, 1'795'593'600'000'000'000L}) {
    EXPECT_EQ(guess_instant_since_1970(count), instant) << count;
    EXPECT_EQ(guess_instant_since_1970(static_cast<double>(count)), instant) << count;
  }
  EXPECT_EQ(guess_instant_since_1970(0.25), Instant(250ms));
}

TEST(Since1970, NothingOverflows) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double count : {1e300, -1e300, kInfinity, -kInfinity, std::nan("")}) {
    EXPECT_FALSE(instant_since_1970(count, 1s)) << count;
    EXPECT_FALSE(guess_instant_since_1970(count)) << count;
  }
  EXPECT_FALSE(guess_instant_since_1970(-1.0));
  EXPECT_FALSE(guess_instant_since_1970(std::numeric_limits<std::int64_t>::min()));
  EXPECT_TRUE(guess_instant_since_1970(std::numeric_limits<std::int64_t>::max()));
  EXPECT_FALSE(parse_rfc3339("9999-12-31T23:59:59.99999999999999999999999999999999999999Z") ==
               std::nullopt);
}

}  // namespace
}  // namespace usage
