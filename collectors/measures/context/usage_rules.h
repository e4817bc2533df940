#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/measures/context/business_rules.h"
#include "exporter/base/calendar.h"
#include "exporter/base/clock.h"

namespace usage {

// One value of the label "window".
struct Window {
  std::string label;
  std::optional<Duration> rolling;  // the whole buckets of this last time; else a calendar period:
  CalendarUnit unit = CalendarUnit::week;
  int offset = 0;  // 0: the current one, -1: the last complete one
  bool operator==(const Window&) const = default;
};

// The label value for all values without a series of their own.
inline constexpr char kOther[] = "other";

struct DimensionRules {
  std::vector<std::string> allow;        // the values shown; everything else is kOther
  std::optional<std::size_t> allow_top;  // instead: this many, with most users over 28 d
  bool operator==(const DimensionRules&) const = default;
};

// What makes a user a regular, a power user or at risk (docs/METRICS.md).
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
  std::optional<ArtifactRules> artifact;
  std::vector<ValueStream> value;
  bool has_abandoned = false;  // facts of auxiliary::abandoned
  bool estimates_failures = false;
  std::vector<std::string> cross_checks;  // sources: facts of auxiliary::cross_check
};

struct Combination {
  std::string name;
  bool all = true;  // of the features; else any
  std::vector<std::string> features;
};

struct TargetMeasure;  // targets/target_measures.h

enum class Comparison { min, max };  // which side of the threshold is good

// When a target is judged.
enum class TargetMode {
  sustained,  // as of now; a target that was met can be missed again
  by_due,     // met if it was ever met up to the due date
  at_due,     // from the due date on, as it was then
};

// A number that was promised (docs/CONFIGURATION.md).
struct Target {
  std::string id, subject;  // the subject is a feature or a combination
  std::string phase, severity = "warning", owner, source;
  const TargetMeasure* measure = nullptr;
  std::optional<Window> window;  // if the measure has windows
  Comparison comparison = Comparison::min;
  bool strict = false;  // the threshold itself is not enough
  double threshold = 0, baseline = 0;
  std::optional<double> stretch;
  Instant start, due;
  TargetMode mode = TargetMode::sustained;
  std::uint64_t min_population = 20;
};

// A part of every feature's life, counted from its launch.
struct Phase {
  std::string name;
  Duration from{}, until{};
};

// How facts become numbers. Changing any of it never needs a rebuild of the facts.
struct UsageRules {
  TimeZone zone;
  std::vector<Window> windows;
  std::map<std::string, FeatureRules> features;  // the same names as Facts::features
  std::vector<Combination> combinations;
  std::vector<Phase> phases;
  std::vector<Target> targets;
  Business business;
  std::vector<Capacity> capacities;
  std::vector<Release> releases;
  std::uint64_t k_anonymity = 5;   // breakdowns about fewer people are absent
  std::size_t max_series = 5'000;  // of all usage families together
};

}  // namespace usage
