#include "exporter/config/schedule.h"

#include <gtest/gtest.h>

#include "exporter/base/error.h"
#include "exporter/base/timestamps.h"

namespace usage {
namespace {

std::string next(const char* cron, const char* after, const char* zone = "UTC") {
  const auto instant = Cron(cron).next(parse_rfc3339(after).value(), TimeZone(zone));
  return instant ? format_rfc3339(*instant) : "never";
}

TEST(Cron, FindsTheNextMatch) {
  EXPECT_EQ(next("* * * * *", "2026-11-25T08:00:00Z"), "2026-11-25T08:01:00Z");
  EXPECT_EQ(next("*/15 * * * *", "2026-11-25T08:00:01Z"), "2026-11-25T08:15:00Z");
  EXPECT_EQ(next("0 6 * * *", "2026-11-25T06:00:00Z"), "2026-11-26T06:00:00Z");
  EXPECT_EQ(next("5,35 8-9 * * *", "2026-11-25T08:40:00Z"), "2026-11-25T09:05:00Z");
  EXPECT_EQ(next("10/20 * * * *", "2026-11-25T08:31:00Z"), "2026-11-25T08:50:00Z");
  EXPECT_EQ(next("@monthly", "2026-11-25T08:00:00Z"), "2026-12-01T00:00:00Z");
  EXPECT_EQ(next("0 0 29 feb *", "2026-11-25T08:00:00Z"), "2028-02-29T00:00:00Z");
  EXPECT_EQ(next("0 0 31 feb *", "2026-11-25T08:00:00Z"), "never");
}

TEST(Cron, KnowsWeekdays) {
  EXPECT_EQ(next("0 6 * * mon", "2026-11-25T08:00:00Z"), "2026-11-30T06:00:00Z");
  EXPECT_EQ(next("0 6 * * 7", "2026-11-25T08:00:00Z"), "2026-11-29T06:00:00Z");
  EXPECT_EQ(next("0 6 * * MON-FRI", "2026-11-27T08:00:00Z"), "2026-11-30T06:00:00Z");
  // Both day fields restricted: either suffices.
  EXPECT_EQ(next("0 0 1 * fri", "2026-11-25T08:00:00Z"), "2026-11-27T00:00:00Z");
}

TEST(Cron, FollowsItsZoneThroughClockChanges) {
  EXPECT_EQ(next("0 6 * * *", "2026-03-28T12:00:00Z", "Europe/Berlin"), "2026-03-29T04:00:00Z");
  EXPECT_EQ(next("0 6 * * *", "2026-03-27T12:00:00Z", "Europe/Berlin"), "2026-03-28T05:00:00Z");
  // 02:30 does not exist on this day: it runs at the change.
  EXPECT_EQ(next("30 2 * * *", "2026-03-28T12:00:00Z", "Europe/Berlin"), "2026-03-29T01:00:00Z");
  // 02:30 is shown twice on this day: it runs once.
  EXPECT_EQ(next("30 2 * * *", "2026-10-24T12:00:00Z", "Europe/Berlin"), "2026-10-25T00:30:00Z");
  EXPECT_EQ(next("30 2 * * *", "2026-10-25T00:30:00Z", "Europe/Berlin"), "2026-10-26T01:30:00Z");
}

TEST(Cron, SaysWhatIsWrong) {
  const auto message = [](const char* cron) -> std::string {
    try {
      const Cron parsed(cron);
    } catch (const Error& error) {
      EXPECT_EQ(error.reason(), Reason::config);
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(message("* * * *"),
            "cron: \"* * * *\" has 4 fields instead of 5 (minute hour day-of-month month "
            "day-of-week), for example \"0 6 * * mon\"");
  EXPECT_EQ(message("60 * * * *"),
            "cron: \"60\" is no minute; it takes 0 to 59, lists (1,2), ranges (1-5), steps (*/5) "
            "and *");
  for (const char* wrong : {"a * * * *", "5-1 * * * *", "*/0 * * * *", "* * 0 * *", "* * * 13 *",
                            "* * * * 8", "1-2-3 * * * *", "1//2 * * * *", ", * * * *"}) {
    EXPECT_NE(message(wrong), "accepted") << wrong;
  }
}

}  // namespace
}  // namespace usage
