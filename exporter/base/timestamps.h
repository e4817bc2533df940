#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/base/clock.h"

// Timestamps as text and as numbers since 1970: every reader and writer of them is here. No input
// overflows: what lies outside of what the form can say is nullopt.
namespace usage {

// How a kind of text departs from RFC 3339's "2026-11-25T08:00:00.25+01:00". Years are 0 to 9999.
struct TimestampForm {
  std::string_view separators;    // any one of these stands between the date and the time
  bool may_be_date = false;       // the text may end after the date: midnight
  bool may_lack_seconds = false;  // the text may end after the minute
  bool may_have_comma = false;    // before the fraction, in place of the point
  bool may_have_blanks = false;   // after the time, before the offset
  enum class Offset { full, hours_too, digits_too } offset = Offset::full;  // "+01"; "+0100"
};

struct Timestamp {
  Instant wall;                    // what the text's clock shows, as if it were UTC
  std::optional<Duration> offset;  // east of UTC; nothing where the text has none
  Instant utc() const { return wall - offset.value_or(Duration{}); }
};

// Nullopt for any other form and for a day or a time that does not exist.
std::optional<Timestamp> parse_timestamp(std::string_view text, const TimestampForm& form);

// "2026-11-25T08:00:00Z", with offset ("+01:00") or fraction, and 'T' or a blank. A bare date is
// midnight UTC; a time needs its offset.
std::optional<Instant> parse_rfc3339(std::string_view text);

// What SQLite's functions and most programs store as text: as parse_rfc3339(), and also without the
// seconds or the offset, which is UTC then.
std::optional<Instant> parse_sql_time(std::string_view text);

// "2026-11-25T08:00:00Z"; the fraction is written only where there is one, without trailing zeros.
std::string format_rfc3339(Instant instant);

// The same without zone: "2026-11-25 08:00:00.25".
std::string format_sql_time(Instant instant);

// "2026-11-25"; of an instant, its day in UTC.
std::string format_date(int year, unsigned month, unsigned day);
std::string format_date(Instant instant);

// A count of units since 1970, rounded down to a microsecond.
std::optional<Instant> instant_since_1970(double count, Duration unit);

// A count whose size tells its unit: seconds below 1e11, then milli-, micro- and nanoseconds, each
// of three digits more. Times before 1970 and after 9999 are nullopt.
std::optional<Instant> guess_instant_since_1970(double count);
std::optional<Instant> guess_instant_since_1970(std::int64_t count);

}  // namespace usage
