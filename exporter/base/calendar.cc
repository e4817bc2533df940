#include "exporter/base/calendar.h"

#include <date/date.h>
#include <date/tz.h>

#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage {

namespace {

const date::time_zone* zone_of(const void* zone) {
  return static_cast<const date::time_zone*>(zone);
}

const date::time_zone* locate(const std::string& name) {
  try {
    return date::locate_zone(name);
  } catch (const std::runtime_error&) {
    throw Error(Reason::config,
                fmt::format("\"{}\" is not a time zone of this machine; use an IANA name such as "
                            "Europe/Berlin (package tzdata)",
                            name));
  }
}

using LocalMicros = date::local_time<std::chrono::microseconds>;

Instant to_instant(const date::time_zone* zone, LocalMicros local) {
  const date::local_info info = zone->get_info(date::floor<std::chrono::seconds>(local));
  if (info.result == date::local_info::nonexistent) {
    return Instant(info.first.end.time_since_epoch());
  }
  return Instant(local.time_since_epoch() - info.first.offset);
}

}  // namespace

TimeZone::TimeZone() : TimeZone("UTC") {}

TimeZone::TimeZone(const std::string& name) : name_(name), zone_(locate(name)) {}

LocalTime TimeZone::local(Instant instant) const {
  const LocalMicros local =
      zone_of(zone_)->to_local(date::sys_time<Duration>(instant.time_since_epoch()));
  const auto days = date::floor<date::days>(local);
  const date::year_month_day date(days);
  const auto time = date::make_time(date::floor<std::chrono::seconds>(local - days));
  return {.year = static_cast<int>(date.year()),
          .month = static_cast<unsigned>(date.month()),
          .day = static_cast<unsigned>(date.day()),
          .hour = static_cast<unsigned>(time.hours().count()),
          .minute = static_cast<unsigned>(time.minutes().count()),
          .second = static_cast<unsigned>(time.seconds().count()),
          .weekday = date::weekday(days).c_encoding()};
}

Instant TimeZone::instant(const LocalTime& local) const {
  const date::local_days days(date::year(local.year) / date::month(local.month) /
                              date::day(local.day));
  return to_instant(zone_of(zone_), LocalMicros(days) + std::chrono::hours(local.hour) +
                                        std::chrono::minutes(local.minute) +
                                        std::chrono::seconds(local.second));
}

Instant TimeZone::from_wall(Instant wall) const {
  const auto whole = std::chrono::floor<std::chrono::seconds>(wall);
  const LocalMicros local(whole.time_since_epoch());
  return to_instant(zone_of(zone_), local) + (wall - whole);
}

Instant TimeZone::start_of(CalendarUnit unit, Instant instant, int offset) const {
  const LocalMicros local =
      zone_of(zone_)->to_local(date::sys_time<Duration>(instant.time_since_epoch()));
  date::local_days day = date::floor<date::days>(local);
  switch (unit) {
    case CalendarUnit::day:
      day += date::days(offset);
      break;
    case CalendarUnit::week:
      day -= date::weekday(day) - date::Monday;
      day += date::weeks(offset);
      break;
    case CalendarUnit::month: {
      const date::year_month_day date(day);
      day = date::local_days(date.year() / date.month() / 1 + date::months(offset));
      break;
    }
  }
  return to_instant(zone_of(zone_), LocalMicros(day));
}

}  // namespace usage
