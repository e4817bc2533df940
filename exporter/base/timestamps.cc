#include "exporter/base/timestamps.h"

#include <algorithm>
#include <cmath>

#include "exporter/base/format.h"
#include "exporter/base/strings.h"

namespace usage {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

// Takes the text apart from its front.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }

  bool take(std::string_view any_of) {
    const bool there = !text_.empty() && any_of.find(text_.front()) != std::string_view::npos;
    text_.remove_prefix(there ? 1 : 0);
    return there;
  }

  // Two digits, at most `most`; -1 for anything else.
  int take_two(int most) {
    if (text_.size() < 2 || !is_digit(text_[0]) || !is_digit(text_[1])) {
      return -1;
    }
    const int value = (text_[0] - '0') * 10 + (text_[1] - '0');
    text_.remove_prefix(2);
    return value <= most ? value : -1;
  }

  std::optional<std::chrono::sys_days> take_date() {
    const int century = take_two(99), year = take_two(99);
    const bool dash = take("-");
    const int month = take_two(12);
    const bool dash_again = take("-");
    const int day = take_two(31);
    if (century < 0 || year < 0 || !dash || month < 0 || !dash_again || day < 0) {
      return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year(century * 100 + year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    return date.ok() ? std::optional(std::chrono::sys_days(date)) : std::nullopt;
  }

  std::optional<Duration> take_minute() {
    const int hour = take_two(23);
    const bool colon = take(":");
    const int minute = take_two(59);
    return hour < 0 || !colon || minute < 0
               ? std::nullopt
               : std::optional<Duration>(hours(hour) + minutes(minute));
  }

  // Digits after the sixth are cut off. Without a point: zero.
  std::optional<Duration> take_fraction(bool comma) {
    if (!take(comma ? ".," : ".")) {
      return Duration{};
    }
    const std::size_t size = std::min(text_.find_first_not_of("0123456789"), text_.size());
    std::int64_t fraction = 0;
    for (std::size_t i = 0; i < 6; ++i) {
      fraction = fraction * 10 + (i < size ? text_[i] - '0' : 0);
    }
    text_.remove_prefix(size);
    return size == 0 ? std::nullopt : std::optional<Duration>(fraction);
  }

  std::optional<Duration> take_offset(TimestampForm::Offset form) {
    if (take("Zz")) {
      return Duration{};
    }
    const bool negative = text_.starts_with('-');
    if (!take("+-")) {
      return std::nullopt;
    }
    const int hour = take_two(23);
    const bool colon = take(":");
    const bool ends = form == TimestampForm::Offset::hours_too && !colon && at_end();
    const int minute = ends ? 0 : take_two(59);
    if (hour < 0 || minute < 0 || !(colon || ends || form == TimestampForm::Offset::digits_too)) {
      return std::nullopt;
    }
    const Duration offset = hours(hour) + minutes(minute);
    return negative ? -offset : offset;
  }

 private:
  std::string_view text_;
};

constexpr double kYear9999 = 253402300800e6;  // where it ends, in microseconds

}  // namespace

std::optional<Timestamp> parse_timestamp(std::string_view text, const TimestampForm& form) {
  Reader reader(text);
  const auto date = reader.take_date();
  if (!date || (reader.at_end() && !form.may_be_date)) {
    return std::nullopt;
  }
  Timestamp found{*date, std::nullopt};
  if (reader.at_end()) {
    return found;
  }
  if (!reader.take(form.separators)) {
    return std::nullopt;
  }
  const auto minute = reader.take_minute();
  if (!minute || (reader.at_end() && !form.may_lack_seconds)) {
    return std::nullopt;
  }
  found.wall += *minute;
  if (reader.at_end()) {
    return found;
  }
  const bool colon = reader.take(":");
  const int second = reader.take_two(59);
  const auto fraction = reader.take_fraction(form.may_have_comma);
  if (!colon || second < 0 || !fraction) {
    return std::nullopt;
  }
  found.wall += std::chrono::seconds(second) + *fraction;
  while (form.may_have_blanks && reader.take(" ")) {
  }
  if (reader.at_end()) {
    return found;
  }
  found.offset = reader.take_offset(form.offset);
  return found.offset && reader.at_end() ? std::optional(found) : std::nullopt;
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
  constexpr TimestampForm kForm{.separators = "Tt ", .may_be_date = true};
  constexpr std::size_t kDate = std::string_view("2026-11-25").size();
  const auto found = parse_timestamp(text, kForm);
  return found && (found->offset || text.size() == kDate) ? std::optional(found->utc())
                                                          : std::nullopt;
}

std::optional<Instant> parse_sql_time(std::string_view text) {
  constexpr TimestampForm kForm{.separators = " Tt", .may_be_date = true, .may_lack_seconds = true};
  const auto found = parse_timestamp(text, kForm);
  return found ? std::optional(found->utc()) : std::nullopt;
}

std::string format_sql_time(Instant instant) {
  const auto days = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::hh_mm_ss<Duration> time(instant - days);
  std::string text = fmt::format("{} {:02}:{:02}:{:02}", format_date(days), time.hours().count(),
                                 time.minutes().count(), time.seconds().count());
  if (time.subseconds().count() != 0) {
    text += fmt::format(".{:06}", time.subseconds().count());
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text;
}

std::string format_rfc3339(Instant instant) {
  std::string text = format_sql_time(instant);
  text[text.find(' ')] = 'T';
  return text + "Z";
}

std::string format_date(int year, unsigned month, unsigned day) {
  return fmt::format("{:04}-{:02}-{:02}", year, month, day);
}

std::string format_date(Instant instant) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(instant));
  return format_date(static_cast<int>(date.year()), unsigned{date.month()}, unsigned{date.day()});
}

std::optional<Instant> instant_since_1970(double count, Duration unit) {
  constexpr double kMost = 9e18;  // microseconds: below what an Instant holds
  const double us = count * static_cast<double>(unit.count());
  return std::isfinite(us) && std::abs(us) <= kMost
             ? std::optional(Instant(Duration(static_cast<std::int64_t>(std::floor(us)))))
             : std::nullopt;
}

std::optional<Instant> guess_instant_since_1970(double count) {
  double us = count * 1e6;
  for (const double unit : {1e11, 1e14, 1e17}) {
    us = count >= unit ? us / 1e3 : us;
  }
  return us >= 0 && us < kYear9999 ? std::optional(Instant(Duration(std::llround(us))))
                                   : std::nullopt;
}

std::optional<Instant> guess_instant_since_1970(std::int64_t count) {
  if (count < 0) {
    return std::nullopt;
  }
  const auto us = count >= 100'000'000'000'000'000 ? count / 1000
                  : count >= 100'000'000'000'000   ? count
                  : count >= 100'000'000'000       ? count * 1000
                                                   : count * 1'000'000;
  return Instant(Duration(us));
}

}  // namespace usage
