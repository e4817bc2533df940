#include "exporter/base/log.h"

#include <gtest/gtest.h>

#include <array>

#include "exporter/base/timestamps.h"
#include "tests/support/fake_clock.h"

namespace usage {
namespace {

std::string logged(LogFormat format, LogLevel level, const std::function<void(Log&)>& write) {
  const FakeClock clock(parse_rfc3339("2026-11-25T08:00:00Z").value());
  std::FILE* file = std::tmpfile();
  Log log(file, level, format, clock);
  write(log);
  std::rewind(file);
  std::array<char, 4096> buffer{};
  const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), file);
  std::fclose(file);
  return {buffer.data(), size};
}

TEST(Log, WritesLogfmt) {
  EXPECT_EQ(logged(LogFormat::logfmt, LogLevel::info,
                   [](Log& log) {
                     log.warn("collector failed",
                              {{"collector", "exports"}, {"err", "a \"b\"\nc=d"}, {"empty", ""}});
                   }),
            "ts=2026-11-25T08:00:00Z level=warn msg=\"collector failed\" collector=exports "
            "err=\"a \\\"b\\\"\\nc=d\" empty=\"\"\n");
}

TEST(Log, WritesJson) {
  EXPECT_EQ(logged(LogFormat::json, LogLevel::info,
                   [](Log& log) { log.error("a\nb", {{"err", "\xff"}}); }),
            "{\"ts\":\"2026-11-25T08:00:00Z\",\"level\":\"error\",\"msg\":\"a\\nb\",\"err\":"
            "\"\xef\xbf\xbd\"}\n");
}

TEST(Log, LeavesOutWhatIsLessSevere) {
  EXPECT_EQ(logged(LogFormat::logfmt, LogLevel::warn,
                   [](Log& log) {
                     log.debug("a");
                     log.info("b");
                   }),
            "");
}

TEST(Log, ReadsItsSettings) {
  EXPECT_EQ(parse_log_level("debug"), LogLevel::debug);
  EXPECT_EQ(parse_log_level("verbose"), std::nullopt);
  EXPECT_EQ(parse_log_format("json"), LogFormat::json);
  EXPECT_EQ(parse_log_format("xml"), std::nullopt);
}

}  // namespace
}  // namespace usage
