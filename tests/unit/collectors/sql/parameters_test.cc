#include "collectors/sql/parameters.h"

#include <gtest/gtest.h>

#include "exporter/base/timestamps.h"

namespace usage {
namespace {

std::string at(const char* expression, const char* now, const char* zone = "UTC") {
  const auto parsed = InstantExpression::parse(expression);
  return parsed ? format_rfc3339(parsed->at(parse_rfc3339(now).value(), TimeZone(zone)))
                : "refused";
}

TEST(InstantExpression, KnowsItsAnchors) {
  EXPECT_EQ(at("now", "2026-11-25T08:01:02Z"), "2026-11-25T08:01:02Z");
  EXPECT_EQ(at("today", "2026-11-25T08:01:02Z"), "2026-11-25T00:00:00Z");
  EXPECT_EQ(at("this_week", "2026-11-25T08:01:02Z"), "2026-11-23T00:00:00Z");
  EXPECT_EQ(at("this_month", "2026-11-25T08:01:02Z"), "2026-11-01T00:00:00Z");
  EXPECT_EQ(at("today", "2026-11-25T16:00:00Z", "Asia/Tokyo"), "2026-11-25T15:00:00Z");
}

TEST(InstantExpression, AddsAndSubtracts) {
  EXPECT_EQ(at("now - 7d", "2026-11-25T08:00:00Z"), "2026-11-18T08:00:00Z");
  EXPECT_EQ(at("today-30d", "2026-11-25T08:00:00Z"), "2026-10-26T00:00:00Z");
  EXPECT_EQ(at("today - 1d + 6h", "2026-11-25T08:00:00Z"), "2026-11-24T06:00:00Z");
  EXPECT_EQ(at(" this_week  - 1w ", "2026-11-25T08:00:00Z"), "2026-11-16T00:00:00Z");
}

TEST(InstantExpression, CountsWholeDaysInTheZoneUnlessFromNow) {
  // Berlin left summer time on 2026-10-25.
  EXPECT_EQ(at("today - 1d", "2026-10-26T08:00:00Z", "Europe/Berlin"), "2026-10-24T22:00:00Z");
  EXPECT_EQ(at("now - 1d", "2026-10-26T08:00:00Z", "Europe/Berlin"), "2026-10-25T08:00:00Z");
}

TEST(InstantExpression, ADayWithoutMidnightDoesNotMoveTheOthers) {
  // Cairo skipped 2026-04-24 00:00 to 01:00: the day starts at 01:00, the day before at 00:00.
  EXPECT_EQ(at("today", "2026-04-24T12:00:00Z", "Africa/Cairo"), "2026-04-23T22:00:00Z");
  EXPECT_EQ(at("today - 1d", "2026-04-24T12:00:00Z", "Africa/Cairo"), "2026-04-22T22:00:00Z");
  EXPECT_EQ(at("today - 1d + 6h - 1d", "2026-04-25T12:00:00Z", "Africa/Cairo"),
            "2026-04-23T05:00:00Z");
}

TEST(InstantExpression, RefusesEverythingElse) {
  for (const char* text : {"", "tomorrow", "now - ", "now -", "now 7d", "now - 7", "now - 7d 3",
                           "today + -1d", "7d", "now + soon"}) {
    EXPECT_EQ(at(text, "2026-11-25"), "refused") << text;
  }
}

}  // namespace
}  // namespace usage
