#pragma once

#include <memory>
#include <string>

#include "exporter/base/clock.h"

namespace usage {

enum class CalendarUnit { day, week, month };  // weeks begin on Monday

// Local time without a zone: what a wall shows.
struct LocalTime {
  int year = 1970;
  unsigned month = 1, day = 1;  // from 1
  unsigned hour = 0, minute = 0, second = 0;
  unsigned weekday = 4;  // 0 is Sunday, as in cron
  bool operator==(const LocalTime&) const = default;
};

// An IANA time zone from the system's database. A value; immutable; safe to share.
class TimeZone {
 public:
  TimeZone();  // UTC
  // Error(config) when the name is not in the database.
  explicit TimeZone(const std::string& name);

  const std::string& name() const { return name_; }
  LocalTime local(Instant instant) const;

  // The instant a clock in this zone first shows `local`. A time skipped by a change to
  // summer time is the instant of the change; one shown twice is the first.
  Instant instant(const LocalTime& local) const;

  // The same for a wall clock's time that is held as if it were UTC, with its fraction.
  Instant from_wall(Instant wall) const;

  // Start of the local day, week or month that holds `instant`, moved by `offset` units. Days and
  // weeks across a clock change have 23 or 25 hours more or less.
  Instant start_of(CalendarUnit unit, Instant instant, int offset = 0) const;

 private:
  std::string name_;
  const void* zone_;  // date::time_zone; owned by the library's database, which is never reloaded
};

}  // namespace usage
