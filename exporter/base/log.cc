#include "exporter/base/log.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "exporter/base/format.h"
#include "exporter/base/json_text.h"
#include "exporter/base/json_writer.h"
#include "exporter/base/timestamps.h"

namespace usage {

namespace {

constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warn", "error"};

// As go-kit's logfmt: bare where that is unambiguous, else a JSON string.
void append_logfmt(std::string_view key, std::string_view value, std::string& line) {
  if (!line.empty()) {
    line += ' ';
  }
  line += key;
  line += '=';
  bool bare = !value.empty();
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    bare = bare && byte > ' ' && byte < 0x7f && c != '"' && c != '=' && c != '\\';
  }
  line += bare ? std::string(value) : json_string(value);
}

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view text) {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels.at(i) == text) {
      return static_cast<LogLevel>(i);
    }
  }
  return std::nullopt;
}

std::optional<LogFormat> parse_log_format(std::string_view text) {
  if (text == "logfmt") {
    return LogFormat::logfmt;
  }
  if (text == "json") {
    return LogFormat::json;
  }
  return std::nullopt;
}

Log::Log(std::FILE* out, LogLevel level, LogFormat format, const Clock& clock)
    : out_(out),
      level_(level),
      format_(format),
      clock_(clock),
      terminal_(::isatty(::fileno(out)) == 1) {}

Log::~Log() {
  const std::scoped_lock lock(mutex_);
  wipe();
}

bool Log::progress_is_due() {
  constexpr auto kEvery = std::chrono::milliseconds(100);
  const std::scoped_lock lock(mutex_);
  return terminal_ && level_ <= LogLevel::info &&
         (!progressed_ || std::chrono::steady_clock::now() - *progressed_ >= kEvery);
}

void Log::progress(std::string_view what, double share) {
  constexpr std::size_t kWidth = 30;
  if (share < 1 && !progress_is_due()) {
    return;
  }
  const std::scoped_lock lock(mutex_);
  wipe();
  if (share >= 1 || !terminal_) {
    progressed_.reset();
    return;
  }
  const auto done = static_cast<std::size_t>(std::max(0.0, share) * kWidth);
  const std::string line =
      fmt::format("{} [{}{}] {:3}%", what, std::string(done, '='), std::string(kWidth - done, ' '),
                  static_cast<int>(100 * share));
  std::fputs(line.c_str(), out_);
  std::fflush(out_);
  shown_ = line.size();
  progressed_ = std::chrono::steady_clock::now();
}

void Log::wipe() {
  if (shown_ > 0) {
    std::fputs(("\r" + std::string(shown_, ' ') + "\r").c_str(), out_);
    std::fflush(out_);
    shown_ = 0;
  }
}

void Log::write(LogLevel level, std::string_view message, Fields fields) {
  if (level < level_) {
    return;
  }
  const std::string now = format_rfc3339(clock_.now());
  const std::string_view level_name = kLevels.at(static_cast<std::size_t>(level));
  std::string line;
  if (format_ == LogFormat::logfmt) {
    append_logfmt("ts", now, line);
    append_logfmt("level", level_name, line);
    append_logfmt("msg", message, line);
    for (const auto& [key, value] : fields) {
      append_logfmt(key, value, line);
    }
  } else {
    JsonDocument event{{"ts", now}, {"level", level_name}, {"msg", message}};
    for (const auto& [key, value] : fields) {
      event[std::string(key)] = value;
    }
    line = json_line(event);
  }
  line += '\n';
  const std::scoped_lock lock(mutex_);
  wipe();
  std::fwrite(line.data(), 1, line.size(), out_);
  std::fflush(out_);
}

}  // namespace usage
