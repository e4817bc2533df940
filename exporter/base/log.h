#pragma once

#include <chrono>
#include <cstdio>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "exporter/base/clock.h"

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
  Log(std::FILE* out, LogLevel level, LogFormat format, const Clock& clock);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

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

  // On a terminal, the last line says how far `what` is, from 0 to 1, until the next event or the
  // end wipes it out. Elsewhere there is no such line. Calls in quick succession change nothing:
  // whoever must work for `share` asks first whether it is time.
  bool progress_is_due();
  void progress(std::string_view what, double share);

 private:
  void wipe();  // under the lock
  void write(LogLevel level, std::string_view message, Fields fields);

  std::FILE* out_;
  LogLevel level_;
  LogFormat format_;
  const Clock& clock_;
  const bool terminal_;
  std::mutex mutex_;       // guards what follows, and each line
  std::size_t shown_ = 0;  // columns of the line of progress
  std::optional<std::chrono::steady_clock::time_point> progressed_;
};

}  // namespace usage
