#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "collectors/measures/context/evaluation_context.h"

namespace usage {

// A target's measure as of an instant. Shares of people, teams or uses have their parts.
struct Measured {
  double value = 0;
  std::optional<std::uint64_t> numerator, denominator;
};

// A row of the table of what a target can be about.
struct TargetMeasure {
  std::string_view name;    // in `measure:`; with "/" and a window if it has windows
  std::string_view metric;  // the series that shows it for a feature
  std::string_view unit;
  bool has_windows;
  bool of_combinations;                  // false: of single features only
  bool (*applies)(const FeatureShape&);  // what it needs of a feature
  // The config key that it needs and that is missing, such as "ratings" of "business"; else empty.
  std::string_view (*lacks)(const UsageRules&, const std::string& subject);
  std::optional<Measured> (*read)(EvaluationContext&, const std::string& subject, const Interval&);
};

std::span<const TargetMeasure> target_measures();

// The target's measure at the context's instant. Nothing before the target's start or if unknown.
std::optional<Measured> measured(EvaluationContext& context, const Target& target);

// The same without regard to the target's start.
std::optional<Measured> read_measure(EvaluationContext& context, const Target& target);

// The interval that the target's measure is about; of measures without windows, kTriedSpan.
Interval window_of(const EvaluationContext& context, const Target& target);

bool reaches(const Target& target, double value);

}  // namespace usage
