#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "exporter/calendar.h"
#include "exporter/clock.h"

namespace usage {

// One value of the label "window".
struct Window {
  std::string label;
  std::optional<Duration>
      rolling;  // the whole buckets of the last so long; else a calendar period:
  CalendarUnit unit = CalendarUnit::week;
  int offset = 0;  // 0: the one under way, -1: the last complete one
  bool operator==(const Window&) const = default;
};

struct DimensionRules {
  std::vector<std::string> allow;        // the values shown; everything else is "other"
  std::optional<std::size_t> allow_top;  // instead: the so many values with most users over 28 d
  bool operator==(const DimensionRules&) const = default;
};

// What makes a user a regular, a power user, at risk (DEFINITIONS in docs/METRICS.md).
struct FeatureRules {
  std::string title;
  std::optional<Instant> launched_at;
  std::vector<DimensionRules> dimensions;  // parallel to FeatureShape::dimensions
  int regular_min_periods = 2, regular_of_periods = 4;
  Duration regular_period = std::chrono::days(7);
  int power_min_active_days = 8;  // of the last 28 local days
  int core_min_active_days = 4;
  Duration at_risk_was_regular_within = std::chrono::days(28);
  Duration at_risk_silent_for = std::chrono::days(14);
};

struct Combination {
  std::string name;
  bool all = true;  // of the features; else any
  std::vector<std::string> features;
};

// How facts are turned into numbers; changing any of it never needs a rebuild of the facts.
struct UsageRules {
  TimeZone zone;
  std::vector<Window> windows;
  std::map<std::string, FeatureRules> features;  // the same names as Facts::features
  std::vector<Combination> combinations;
  std::uint64_t k_anonymity = 5;   // breakdowns about fewer people are absent
  std::size_t max_series = 5'000;  // of all usage families together
};

}  // namespace usage
