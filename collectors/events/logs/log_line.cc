#include "collectors/events/logs/log_line.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "exporter/base/error.h"

namespace usage {

namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kLongestTime = 40;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Seconds have 10 digits until the year 2286, and each finer unit has three more.
std::optional<Instant> instant_since_1970(double number) {
  double us = number * 1e6;
  for (const double unit : {1e11, 1e14, 1e17}) {
    us = std::abs(number) >= unit ? us / 1e3 : us;
  }
  constexpr double kYear9999 = 253402300800e6;
  if (!std::isfinite(us) || us < 0 || us >= kYear9999) {
    return std::nullopt;
  }
  return Instant(Duration(std::llround(us)));
}

std::optional<Instant> instant_since_1970(std::int64_t number) {
  if (number >= 100'000'000'000'000'000) {
    return Instant(Duration(number / 1000));
  }
  if (number >= 100'000'000'000'000) {
    return Instant(Duration(number));
  }
  return number >= 100'000'000'000 ? Instant(std::chrono::milliseconds(number))
                                   : Instant(std::chrono::seconds(number));
}

// Where the offset from UTC begins: after the time of day, which has no '+' and no '-'.
std::size_t offset_in(std::string_view text) {
  constexpr std::size_t kDate = 10;
  const std::size_t found = text.find_first_of("+-zZ", std::min(text.size(), kDate));
  return found == std::string_view::npos ? text.size() : found;
}

std::optional<Instant> instant_since_1970(std::string_view text, const TimeZone& naive) {
  if (text.empty() || text.size() > kLongestTime) {
    return std::nullopt;
  }
  const bool dated = text.size() > 4 && text[4] == '-';
  if (!dated) {
    double number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failed == std::errc() && end == text.data() + text.size() ? instant_since_1970(number)
                                                                     : std::nullopt;
  }
  const std::size_t offset = offset_in(text);
  std::string strict(text.substr(0, offset));
  while (strict.ends_with(' ')) {
    strict.pop_back();  // "08:00:00 +0000"
  }
  for (char& c : strict) {
    c = c == ' ' ? 'T' : c == ',' ? '.' : c;
  }
  std::string zone(text.substr(offset));
  if (zone.size() == 5 && is_digit(zone[3])) {
    zone.insert(3, 1, ':');  // "+0100"
  }
  const auto instant = parse_rfc3339(strict + (zone.empty() ? "Z" : zone));
  if (!instant || !zone.empty() || naive.name() == "UTC") {
    return instant;
  }
  const Instant second = std::chrono::floor<std::chrono::seconds>(*instant);
  return naive.instant(TimeZone().local(second)) + (*instant - second);
}

}  // namespace

std::optional<Instant> parse_log_time(const json::Value& value, const TimeZone& naive) {
  std::optional<Instant> instant;
  if (const auto text = value.string()) {
    instant = instant_since_1970(*text, naive);
  } else if (const auto integer = value.integer()) {
    instant = instant_since_1970(*integer);
  } else if (const auto number = value.number()) {
    instant = instant_since_1970(*number);
  }
  return instant && *instant >= Instant() ? instant : std::nullopt;
}

LogLine::LogLine(const LogConfig& config, const std::string& naive_time_zone, EventFilter kept)
    : config_(config),
      naive_(naive_time_zone),
      kept_(std::move(kept)),
      parser_(config.max_line_bytes, kMaxDepth) {}

// A null is as if it were not there.
std::optional<json::Value> LogLine::first(const json::Value& root,
                                          const std::vector<std::string>& paths) const {
  for (const std::string& path : paths) {
    const auto found = root.at(path);
    if (found && found->kind() != json::Value::Kind::null) {
      return found;
    }
  }
  return std::nullopt;
}

LogLine::Result LogLine::read(std::string_view line, JournalEvent& event) {
  if (line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
  }
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos || line[begin] != '{') {
    return Result::invalid;
  }
  std::optional<json::Value> root;
  try {
    root = parser_.parse_padded(line.substr(begin));
  } catch (const Error&) {
    return Result::invalid;
  }
  const auto named = first(*root, config_.event);
  const auto name = named ? named->string() : std::nullopt;
  if (!name) {
    return Result::other;
  }
  buffer_ = *name;
  const auto kept = kept_.find(buffer_);
  if (kept == kept_.end()) {
    return Result::other;
  }
  const auto timed = first(*root, config_.time);
  const auto time = timed ? parse_log_time(*timed, naive_) : std::nullopt;
  if (!time) {
    return Result::no_time;
  }
  event.event = *name;
  event.time = *time;
  event.message.reset();
  const auto who = first(*root, config_.user);
  const auto user = who ? who->text(buffer_) : std::nullopt;
  if (user && !user->empty()) {
    event.user.emplace(*user);
  } else {
    event.user.reset();
  }
  write_fields(kept->second, [&](const std::string& path) { return root->at(path); }, event.fields);
  return Result::event;
}

}  // namespace usage
