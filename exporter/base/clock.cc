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

struct TimeUnit {
  std::string_view name;
  std::uint64_t microseconds;
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
  if (duration == Duration{}) {
    return "0s";
  }
  const bool negative = duration < Duration{};
  std::string text = negative ? "-" : "";
  auto rest = static_cast<std::uint64_t>(duration.count());
  rest = negative ? -rest : rest;  // unsigned: the least number has no opposite
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
