#pragma once

#include <array>
#include <bitset>
#include <optional>
#include <string>

#include "exporter/base/calendar.h"
#include "exporter/base/clock.h"

namespace usage {

// A cron expression of five fields: minute hour day-of-month month day-of-week, with lists, ranges,
// steps and English names; also @hourly, @daily, @weekly, @monthly. When both day fields are
// restricted, either one suffices (POSIX crontab).
class Cron {
 public:
  // Error(config) says which field is wrong and what it allows.
  explicit Cron(const std::string& text);

  // The first matching instant after `after`, to the minute, in `zone`. A time skipped by a clock
  // change runs at the change; a time shown twice runs once. nullopt: none within five years.
  std::optional<Instant> next(Instant after, const TimeZone& zone) const;

  bool operator==(const Cron&) const = default;

 private:
  bool matches_day(const LocalTime& day) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;     // 1 to 31
  std::bitset<13> months_;   // 1 to 12
  std::bitset<7> weekdays_;  // 0 is Sunday
  bool any_day_ = false;
  bool any_weekday_ = false;
};

// When a collector runs. Exactly one of `interval` and `cron` is set.
struct Schedule {
  std::optional<Duration> interval;
  std::optional<Cron> cron;
  TimeZone zone;      // of the cron expression
  Duration jitter{};  // each run is delayed by a share of this, spread by the collector's name
  bool run_at_start = true;
};

}  // namespace usage
