#pragma once

#include <chrono>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/base/calendar.h"

namespace usage {

// A week of ISO 8601: from Monday to Sunday, and of the year that its Thursday lies in.
struct IsoWeek {
  int year = 1970;
  unsigned number = 1;  // 1 to 53
  auto operator<=>(const IsoWeek&) const = default;
};

// "2026-W47". nullopt for anything else, and for a week 53 that its year does not have.
std::optional<IsoWeek> parse_iso_week(std::string_view text);
std::string format_iso_week(const IsoWeek& week);

std::chrono::sys_days monday_of(const IsoWeek& week);  // as a date of no zone
IsoWeek iso_week_of(std::chrono::sys_days day);

// When the week begins, or the one so many weeks later.
Instant start_of(const IsoWeek& week, const TimeZone& zone, int later = 0);

// The last week that has ended at `now`.
IsoWeek last_complete_week(Instant now, const TimeZone& zone);

}  // namespace usage
