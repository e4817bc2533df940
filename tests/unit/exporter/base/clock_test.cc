#include "exporter/base/clock.h"

#include <gtest/gtest.h>

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

TEST(Durations, ReadPrometheusNotation) {
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("7d"), 7 * 24h);
  EXPECT_EQ(parse_duration("8w"), 56 * 24h);
  EXPECT_EQ(parse_duration("1500ms"), 1500ms);
  EXPECT_EQ(parse_duration("0"), 0s);
}

TEST(Durations, RefuseEverythingElse) {
  for (const char* text :
       {"", "s", "10", "-5s", "1.5h", "5 m", "5x", "1m1h", "1h1h", "9999999999999w", "1hm"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Durations, WriteWhatTheyRead) {
  for (const char* text : {"90ms", "1m30s", "1h", "7d", "8w", "30d", "1d12h", "2s5ms"}) {
    EXPECT_EQ(format_duration(parse_duration(text).value()), text);
  }
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(-90s), "-1m30s");
}

TEST(ScaledClock, RunsFaster) {
  const ScaledClock clock(at("2026-01-01"), 1e6);
  const SteadyInstant before = clock.steady_now();
  const Instant first = clock.now();
  const SteadyInstant began = clock.steady_now();
  while (clock.steady_now() - began < 2ms) {
  }
  const Duration passed = clock.now() - first;
  EXPECT_GE(passed, 2ms * 1e6);
  EXPECT_LE(passed, (clock.steady_now() - before) * 1e6);
}

}  // namespace
}  // namespace usage
