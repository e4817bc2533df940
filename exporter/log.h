#pragma once

#include <cstdio>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "exporter/clock.h"

namespace usage {

enum class LogLevel { debug, info, warn, error };
enum class LogFormat { logfmt, json };

std::optional<LogLevel> parse_log_level(std::string_view text);
std::optional<LogFormat> parse_log_format(std::string_view text);

// One event a line: time, level, message, then the fields in the order given. Values are escaped so
// that a line stays a line whatever they hold. Safe to use from any thread.
// Never log a DSN, a row or a user.
class Log {
 public:
  using Field = std::pair<std::string_view, std::string>;
  using Fields = std::initializer_list<Field>;

  // Writes to `out`, which stays open as long as the log lives.
  Log(std::FILE* out, LogLevel level, LogFormat format, const Clock& clock)
      : out_(out), level_(level), format_(format), clock_(clock) {}

  void debug(std::string_view message, Fields fields = {}) {
    write(LogLevel::debug, message, fields);
  }
  void info(std::string_view message, Fields fields = {}) {
    write(LogLevel::info, message, fields);
  }
  void warn(std::string_view message, Fields fields = {}) {
    write(LogLevel::warn, message, fields);
  }
  void error(std::string_view message, Fields fields = {}) {
    write(LogLevel::error, message, fields);
  }

 private:
  void write(LogLevel level, std::string_view message, Fields fields);

  std::FILE* out_;
  LogLevel level_;
  LogFormat format_;
  const Clock& clock_;
  std::mutex mutex_;
};

}  // namespace usage
