#include "exporter/log.h"

#include <array>
#include <nlohmann/json.hpp>

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
  line +=
      bare ? std::string(value)
           : nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
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
    nlohmann::ordered_json object{{"ts", now}, {"level", level_name}, {"msg", message}};
    for (const auto& [key, value] : fields) {
      object[std::string(key)] = value;
    }
    line = object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  line += '\n';
  const std::scoped_lock lock(mutex_);
  std::fwrite(line.data(), 1, line.size(), out_);
  std::fflush(out_);
}

}  // namespace usage
