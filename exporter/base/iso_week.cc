#include "exporter/base/iso_week.h"

#include "exporter/base/format.h"
#include "exporter/base/strings.h"

namespace usage {

namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::weeks;
using std::chrono::year_month_day;

sys_days monday_before(sys_days day) {
  return day - (std::chrono::weekday(day) - std::chrono::Monday);
}

// The week of 4 January is a year's first.
sys_days first_monday(int year) {
  return monday_before(sys_days(std::chrono::year(year) / std::chrono::January / 4));
}

}  // namespace

std::optional<IsoWeek> parse_iso_week(std::string_view text) {
  constexpr std::size_t kLength = std::string_view("2026-W47").size();
  if (text.size() != kLength || text.substr(4, 2) != "-W") return std::nullopt;
  const auto year = parse_number<unsigned>(text.substr(0, 4));
  const auto number = parse_number<unsigned>(text.substr(6));
  if (!year || !number || *year == 0 || *number < 1) return std::nullopt;
  const IsoWeek week{static_cast<int>(*year), *number};
  return iso_week_of(monday_of(week)) == week ? std::optional(week) : std::nullopt;
}

std::string format_iso_week(const IsoWeek& week) {
  return fmt::format("{:04}-W{:02}", week.year, week.number);
}

sys_days monday_of(const IsoWeek& week) { return first_monday(week.year) + weeks(week.number - 1); }

IsoWeek iso_week_of(sys_days day) {
  const sys_days monday = monday_before(day);
  const int year = static_cast<int>(year_month_day(monday + days(3)).year());
  return {year, static_cast<unsigned>((monday - first_monday(year)) / weeks(1)) + 1};
}

Instant start_of(const IsoWeek& week, const TimeZone& zone, int later) {
  const year_month_day date(monday_of(week) + weeks(later));
  return zone.instant({.year = static_cast<int>(date.year()),
                       .month = static_cast<unsigned>(date.month()),
                       .day = static_cast<unsigned>(date.day())});
}

IsoWeek last_complete_week(Instant now, const TimeZone& zone) {
  const LocalTime today = zone.local(now);
  const sys_days date(std::chrono::year(today.year) / std::chrono::month(today.month) /
                      std::chrono::day(today.day));
  return iso_week_of(date - weeks(1));
}

}  // namespace usage
