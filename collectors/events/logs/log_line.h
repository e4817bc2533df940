#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/events/event_filter.h"
#include "collectors/events/journal.h"
#include "exporter/base/calendar.h"
#include "exporter/base/json.h"
#include "exporter/config/config.h"

namespace usage {

// An instant as loggers write it: ISO 8601 with 'T' or a space, '.' or ',' before the fraction, and
// an offset or none, which is then local to `naive`; or a number since 1970, whose size tells
// seconds from milli-, micro- and nanoseconds. Nullopt for anything else, and for times before
// 1970.
std::optional<Instant> parse_log_time(const json::Value& value, const TimeZone& naive);

// Reads lines of JSON. One thread.
class LogLine {
 public:
  LogLine(const LogConfig& config, const std::string& naive_time_zone, EventFilter kept);

  enum class Result {
    event,    // `event` holds it
    other,    // an object that is no event that is kept
    no_time,  // an event without a time that is understood
    invalid,  // no JSON object
  };
  // A line without its end, followed by json::Parser::kPadding bytes that can be read. A byte order
  // mark before it and a carriage return after it are no part of it. Never throws for what it
  // holds.
  Result read(std::string_view line, JournalEvent& event);

 private:
  std::optional<json::Value> first(const json::Value& root,
                                   const std::vector<std::string>& paths) const;

  const LogConfig config_;
  const TimeZone naive_;
  const EventFilter kept_;
  json::Parser parser_;
  std::string buffer_;
};

}  // namespace usage
