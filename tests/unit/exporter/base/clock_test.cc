#include "exporter/base/clock.h"

#include <gtest/gtest.h>

#include "exporter/base/timestamps.h"

namespace usage {
namespace {

using namespace std::chrono_literals;

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
  EXPECT_TRUE(format_duration(Duration::min()).starts_with("-106751991d"));
}

TEST(ScaledClock, RunsFaster) {
  const ScaledClock clock(parse_rfc3339("2026-01-01").value(), 1e6);
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
