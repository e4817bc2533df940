#include "collectors/events/logs/log_line.h"

#include <algorithm>
#include <utility>

#include "exporter/base/error.h"
#include "exporter/base/strings.h"
#include "exporter/base/timestamps.h"

namespace usage {

namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kLongestTime = 40;

// Whether text is a date and a time rather than a number.
bool is_dated(std::string_view text) { return text.size() > 4 && text[4] == '-'; }

std::optional<Instant> parse_text(std::string_view text, const TimeZone& naive) {
  constexpr TimestampForm kForm{.separators = "Tt ",
                                .may_have_comma = true,
                                .may_have_blanks = true,
                                .offset = TimestampForm::Offset::digits_too};
  if (text.size() > kLongestTime) {
    return std::nullopt;
  }
  if (!is_dated(text)) {
    const auto number = parse_number<double>(text);
    return number ? guess_instant_since_1970(*number) : std::nullopt;
  }
  const auto found = parse_timestamp(text, kForm);
  if (!found) {
    return std::nullopt;
  }
  return found->offset || naive.name() == "UTC" ? found->utc() : naive.from_wall(found->wall);
}

}  // namespace

std::optional<Instant> parse_log_time(const json::Value& value, const TimeZone& naive) {
  std::optional<Instant> instant;
  if (const auto text = value.string()) {
    instant = parse_text(*text, naive);
  } else if (const auto integer = value.integer()) {
    instant = guess_instant_since_1970(*integer);
  } else if (const auto number = value.number()) {
    instant = guess_instant_since_1970(*number);
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
