#include "exporter/config/schedule.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/strings.h"

namespace usage {

namespace {

struct Field {
  std::string_view name;
  unsigned min, max;
  std::vector<std::string_view> names;  // of min, min + 1, …
};

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find_first_of(separators);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

[[noreturn]] void fail(const Field& field, std::string_view part) {
  throw Error(
      Reason::config,
      fmt::format("cron: \"{}\" is no {}; it takes {} to {}, lists (1,2), ranges (1-5), steps "
                  "(*/5){} and *",
                  part, field.name, field.min, field.max,
                  field.names.empty() ? "" : ", English three-letter names"));
}

unsigned number(const Field& field, std::string_view text, std::string_view part) {
  const auto name = std::find(field.names.begin(), field.names.end(), lower(text));
  if (name != field.names.end()) {
    return field.min + static_cast<unsigned>(name - field.names.begin());
  }
  const auto value = parse_number<unsigned>(text);
  if (!value || *value < field.min || *value > field.max) {
    fail(field, part);
  }
  return *value;
}

template <std::size_t Size>
std::bitset<Size> parse_field(const Field& field, std::string_view text) {
  std::bitset<Size> result;
  for (const std::string_view part : split(text, ",")) {
    const std::vector<std::string_view> stepped = split(part, "/");
    const std::vector<std::string_view> range = split(stepped[0], "-");
    if (stepped.size() > 2 || range.size() > 2) {
      fail(field, part);
    }
    unsigned first = field.min;
    unsigned last = field.max;
    if (stepped[0] != "*") {
      first = number(field, range[0], part);
      // "5/15" means from 5 on, as in every common cron.
      last = range.size() == 2 ? number(field, range[1], part) : stepped.size() == 2 ? last : first;
    }
    const unsigned step = stepped.size() == 2 ? parse_number<unsigned>(stepped[1]).value_or(0) : 1;
    if (step == 0 || first > last) {
      fail(field, part);
    }
    for (unsigned value = first; value <= last; value += step) {
      result.set(value % Size);
    }
  }
  return result;
}

std::string_view expand_macro(std::string_view text) {
  if (text == "@hourly") return "0 * * * *";
  if (text == "@daily") return "0 0 * * *";
  if (text == "@weekly") return "0 0 * * 0";
  if (text == "@monthly") return "0 0 1 * *";
  return text;
}

}  // namespace

Cron::Cron(const std::string& text) {
  std::vector<std::string_view> parts = split(expand_macro(text), " \t");
  std::erase(parts, "");
  if (parts.size() != 5) {
    throw Error(
        Reason::config,
        fmt::format("cron: \"{}\" has {} fields instead of 5 (minute hour day-of-month month "
                    "day-of-week), for example \"0 6 * * mon\"",
                    text, parts.size()));
  }
  const Field minute{"minute", 0, 59, {}};
  const Field hour{"hour", 0, 23, {}};
  const Field day{"day of the month", 1, 31, {}};
  const Field month{
      "month",
      1,
      12,
      {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}};
  const Field weekday{"day of the week", 0, 7, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}};
  minutes_ = parse_field<60>(minute, parts[0]);
  hours_ = parse_field<24>(hour, parts[1]);
  days_ = parse_field<32>(day, parts[2]);
  months_ = parse_field<13>(month, parts[3]);
  weekdays_ = parse_field<7>(weekday, parts[4]);  // 7 is Sunday too: it wraps to 0
  any_day_ = parts[2].starts_with('*');
  any_weekday_ = parts[4].starts_with('*');
}

bool Cron::matches_day(const LocalTime& day) const {
  if (!months_[day.month]) {
    return false;
  }
  if (any_day_ || any_weekday_) {
    return days_[day.day] && weekdays_[day.weekday];
  }
  return days_[day.day] || weekdays_[day.weekday];
}

std::optional<Instant> Cron::next(Instant after, const TimeZone& zone) const {
  constexpr int kDays = 5 * 366;
  for (int offset = 0; offset < kDays; ++offset) {
    LocalTime local = zone.local(zone.start_of(CalendarUnit::day, after, offset));
    if (!matches_day(local)) {
      continue;
    }
    for (unsigned hour = 0; hour < 24; ++hour) {
      for (unsigned minute = 0; hours_[hour] && minute < 60; ++minute) {
        if (!minutes_[minute]) {
          continue;
        }
        local.hour = hour;
        local.minute = minute;
        local.second = 0;
        const Instant candidate = zone.instant(local);
        if (candidate > after) {
          return candidate;
        }
      }
    }
  }
  return std::nullopt;
}

}  // namespace usage
