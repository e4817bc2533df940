#include "collectors/events/logs/log_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/base/diagnostics.h"
#include "exporter/base/error.h"
#include "exporter/base/timestamps.h"

namespace usage {
namespace {

using Result = LogLine::Result;

// What the config's defaults are.
LogConfig defaults() {
  Problems problems;
  const Config config =
      load_config_text("<test>", "sources: {app: {log: {paths: [/log]}}}\n", problems);
  return *config.sources.at(0).log();
}

class LogLineTest : public testing::Test {
 protected:
  Result read(const std::string& line, const std::string& zone = "UTC") {
    LogLine reader(defaults(), zone,
                   {{"Export Used", {"format", "n", "a.b", "record.extra.format"}}, {"share", {}}});
    return reader.read(padded(line), event_);
  }
  std::string_view padded(const std::string& line) {
    text_ = line + std::string(json::Parser::kPadding, '"');
    return std::string_view(text_).substr(0, line.size());
  }
  std::string time() const { return format_rfc3339(event_.time); }

  std::string text_;
  JournalEvent event_;
};

TEST_F(LogLineTest, PythonJsonLogger) {
  ASSERT_EQ(
      read(R"({"message": "exported", "event": "Export Used", "user_id": 42, "format": "csv",)"
           R"( "secret": "x", "timestamp": "2026-11-25T08:00:00.123456"})"),
      Result::event);
  EXPECT_EQ(event_, (JournalEvent{"Export Used", *parse_rfc3339("2026-11-25T08:00:00.123456Z"),
                                  "42", std::nullopt, R"({"format":"csv"})"}));
  ASSERT_EQ(read(R"({"event": "share", "asctime": "2026-11-25 08:00:00,123"})", "Europe/Berlin"),
            Result::event);
  EXPECT_EQ(time(), "2026-11-25T07:00:00.123Z");
  EXPECT_EQ(event_.user, std::nullopt);
  EXPECT_EQ(event_.fields, "{}");
}

TEST_F(LogLineTest, Structlog) {
  ASSERT_EQ(read(R"({"user_id": "u1", "a": {"b": 1.5}, "event": "Export Used", "level": "info",)"
                 R"( "timestamp": "2026-11-25T08:00:00.123456Z"})",
                 "Europe/Berlin"),
            Result::event);
  EXPECT_EQ(time(), "2026-11-25T08:00:00.123456Z");
  EXPECT_EQ(event_.user, "u1");
  EXPECT_EQ(event_.fields, R"({"a.b":1.5})");
}

TEST_F(LogLineTest, Loguru) {
  ASSERT_EQ(read(R"({"text": "exported\n", "record": {"elapsed": {"repr": "0:00:00"},)"
                 R"( "extra": {"event": "Export Used", "user_id": 7, "format": "png"},)"
                 R"( "time": {"repr": "2026-11-25 09:00:00+01:00", "timestamp": 1764057600.25}}})"),
            Result::event);
  EXPECT_EQ(time(), "2025-11-25T08:00:00.25Z");
  EXPECT_EQ(event_.user, "7");
  EXPECT_EQ(event_.fields, R"({"record.extra.format":"png"})");
}

TEST_F(LogLineTest, PinoAndWinston) {
  ASSERT_EQ(read(R"({"level":30,"time":1764057600123,"pid":1,"hostname":"h","event":"Export Used",)"
                 R"("userId":"u","n":3,"err":{"message":"x"},"msg":"m"})"),
            Result::event);
  EXPECT_EQ(time(), "2025-11-25T08:00:00.123Z");
  EXPECT_EQ(event_.fields, R"({"n":3})");
  ASSERT_EQ(read(R"({"event":"share","level":"info","message":"m","timestamp":)"
                 R"("2026-11-25T08:00:00.000Z"})"),
            Result::event);
  EXPECT_EQ(read(R"({"event":"share","level":"info","message":"m"})"), Result::no_time);
}

TEST_F(LogLineTest, TimesOfEveryUnitAndOffset) {
  const auto time_of = [&](const std::string& time) {
    return read(R"({"event":"share","time":)" + time + "}") == Result::event ? this->time() : "";
  };
  for (const char* same : {"1764057600", "1764057600.0", "1764057600000", "1764057600000000",
                           "1764057600000000000", "\"1764057600\"", "\"2025-11-25T08:00:00Z\"",
                           "\"2025-11-25 09:00:00+01:00\"", "\"2025-11-25T09:00:00+0100\"",
                           "\"2025-11-25T02:30:00-05:30\"", "\"2025-11-25 08:00:00,000\"",
                           "\"2025-11-25 08:00:00 +0000\"", "\"2025-11-25T08:00:00z\""}) {
    EXPECT_EQ(time_of(same), "2025-11-25T08:00:00Z") << same;
  }
  for (const char* wrong : {"\"\"", "\"yesterday\"", "\"25/Nov/2025\"", "-1", "1e300", "true", "{}",
                            "\"2025-13-25T08:00:00Z\"", "\"2025-11-25T08:00:00+\"", "[1]",
                            "\"2025-11-25T08:00:00Z and then quite a lot more of it\""}) {
    EXPECT_EQ(time_of(wrong), "") << wrong;
  }
}

TEST_F(LogLineTest, TheFirstPathThatIsThereIsTaken) {
  ASSERT_EQ(
      read(R"({"event":null,"record":{"extra":{"event":"share","user_id":""}},"user_id":null,)"
           R"("timestamp":null,"time":1764057600})"),
      Result::event);
  EXPECT_EQ(event_.user, std::nullopt);
}

TEST_F(LogLineTest, WhatIsNoEvent) {
  EXPECT_EQ(read(R"({"event":"Other Event","time":1764057600})"), Result::other);
  EXPECT_EQ(read(R"({"message":"started"})"), Result::other);
  EXPECT_EQ(read(R"({"event":5})"), Result::other);
  for (const char* line : {"", "Traceback (most recent call last):", "[1]", "\"x\"", "{", "{}{}",
                           "{\"event\":\"share\"", "\xff"}) {
    EXPECT_EQ(read(line), Result::invalid) << line;
  }
  EXPECT_EQ(read("{\"event\":\"share\xff\"}"), Result::invalid);
  EXPECT_EQ(read(std::string("{\"a\":").append(1'000'000, '[')), Result::invalid);
  EXPECT_EQ(read(std::string("{\"event\":\"sha\0re\"}", 18)), Result::invalid);
}

TEST_F(LogLineTest, MarksAroundALineAreNoPartOfIt) {
  EXPECT_EQ(read("\xef\xbb\xbf {\"event\":\"share\",\"time\":1764057600}\r"), Result::event);
}

TEST_F(LogLineTest, FieldsThatAreNoScalarsAreLeftOut) {
  ASSERT_EQ(read(R"({"event":"Export Used","time":1764057600,"format":["a"],"n":{"x":1},)"
                 R"("a":{"b":"q\""}})"),
            Result::event);
  EXPECT_EQ(event_.fields, R"({"a.b":"q\""})");
}

}  // namespace
}  // namespace usage
