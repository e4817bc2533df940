#include "exporter/base/clock.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <ratio>

#include "exporter/base/format.h"

namespace usage {

namespace {

using std::chrono::microseconds;

// Reads exactly `count` digits at the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) {
    return std::nullopt;
  }
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') {
      return std::nullopt;
    }
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  const bool dash1 = take(text, "-");
  const auto month = take_digits(text, 2);
  const bool dash2 = take(text, "-");
  const auto day = take_digits(text, 2);
  if (!year || !dash1 || !month || !dash2 || !day) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date);
}

std::optional<Duration> take_fraction(std::string_view& text) {
  Duration fraction{};
  if (!take(text, ".")) {
    return fraction;
  }
  std::size_t digits = 0;
  std::int64_t unit = 100'000;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    fraction += microseconds(unit * (text.front() - '0'));
    unit /= 10;
    ++digits;
    text.remove_prefix(1);
  }
  return digits == 0 ? std::nullopt : std::optional(fraction);
}

std::optional<Duration> take_offset(std::string_view& text) {
  if (take(text, "Zz")) {
    return Duration{};
  }
  const bool negative = !text.empty() && text.front() == '-';
  if (!take(text, "+-")) {
    return std::nullopt;
  }
  const auto hour = take_digits(text, 2);
  const bool colon = take(text, ":");
  const auto minute = take_digits(text, 2);
  if (!hour || !colon || !minute || *hour > 23 || *minute > 59) {
    return std::nullopt;
  }
  const Duration offset = std::chrono::hours(*hour) + std::chrono::minutes(*minute);
  return negative ? -offset : offset;
}

struct TimeUnit {
  std::string_view name;
  std::int64_t microseconds;
};

// Largest first: parse_duration wants them in this order, format_duration writes them in it.
constexpr std::array<TimeUnit, 7> kUnits{{{"w", 604'800'000'000},
                                          {"d", 86'400'000'000},
                                          {"h", 3'600'000'000},
                                          {"m", 60'000'000},
                                          {"s", 1'000'000},
                                          {"ms", 1'000},
                                          {"us", 1}}};

}  // namespace

Instant SystemClock::now() const {
  return std::chrono::floor<microseconds>(std::chrono::system_clock::now());
}

SteadyInstant SystemClock::steady_now() const { return std::chrono::steady_clock::now(); }

ScaledClock::ScaledClock(Instant start, double speed)
    : start_(start), steady_start_(std::chrono::steady_clock::now()), speed_(speed) {}

Instant ScaledClock::now() const {
  const auto real = std::chrono::steady_clock::now() - steady_start_;
  return start_ + std::chrono::duration_cast<Duration>(
                      std::chrono::duration<double, std::nano>(real) * speed_);
}

SteadyInstant ScaledClock::steady_now() const { return std::chrono::steady_clock::now(); }

SteadyInstant FixedClock::steady_now() const { return std::chrono::steady_clock::now(); }

std::optional<Instant> parse_rfc3339(std::string_view text) {
  const auto date = take_date(text);
  if (!date) {
    return std::nullopt;
  }
  if (text.empty()) {
    return Instant(*date);
  }
  if (!take(text, "Tt ")) {
    return std::nullopt;
  }
  const auto hour = take_digits(text, 2);
  const bool colon1 = take(text, ":");
  const auto minute = take_digits(text, 2);
  const bool colon2 = take(text, ":");
  const auto second = take_digits(text, 2);
  if (!hour || !colon1 || !minute || !colon2 || !second || *hour > 23 || *minute > 59 ||
      *second > 59) {
    return std::nullopt;
  }
  const auto fraction = take_fraction(text);
  const auto offset = take_offset(text);
  if (!fraction || !offset || !text.empty()) {
    return std::nullopt;
  }
  return Instant(*date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + *fraction - *offset;
}

std::string format_rfc3339(Instant instant) {
  const auto days = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss<Duration> time(instant - days);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  time.hours().count(), time.minutes().count(), time.seconds().count());
  if (time.subseconds().count() != 0) {
    text += fmt::format(".{:06}", time.subseconds().count());
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "Z";
}

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") {
    return Duration{};
  }
  if (text.empty()) {
    return std::nullopt;
  }
  std::int64_t total = 0;
  auto unit = kUnits.begin();
  while (!text.empty()) {
    std::int64_t count = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (failed != std::errc() || count < 0) {
      return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::string_view name = text.substr(0, text.find_first_of("0123456789"));
    while (unit != kUnits.end() && unit->name != name) {
      ++unit;
    }
    std::int64_t part = 0;
    if (unit == kUnits.end() || __builtin_mul_overflow(count, unit->microseconds, &part) ||
        __builtin_add_overflow(total, part, &total)) {
      return std::nullopt;
    }
    text.remove_prefix(name.size());
    ++unit;
  }
  return Duration(total);
}

std::string format_duration(Duration duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) {
    return "0s";
  }
  std::string text = rest < 0 ? "-" : "";
  rest = rest < 0 ? -rest : rest;
  for (const TimeUnit& unit : kUnits) {
    // Weeks only where nothing smaller follows: "7d" reads better than "1w", "8w" than "56d".
    if (unit.name == "w" && (rest % unit.microseconds != 0 || rest == unit.microseconds)) {
      continue;
    }
    if (rest >= unit.microseconds) {
      text += fmt::format("{}{}", rest / unit.microseconds, unit.name);
      rest %= unit.microseconds;
    }
  }
  return text;
}

double unix_seconds(Instant instant) {
  return std::chrono::duration<double>(instant.time_since_epoch()).count();
}

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace usage
