#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/measures/context/evaluation_context.h"

namespace usage {

// What a target's measure is as of an instant. A share of people, teams or uses knows its parts.
struct Measured {
  double value = 0;
  std::optional<std::uint64_t> numerator, denominator;
};

// One row of the table of what a target can be about.
struct TargetMeasure {
  std::string_view name;    // in `measure:`; with "/" and a window if it has windows
  std::string_view metric;  // the series that shows it for a feature
  std::string_view unit;
  bool has_windows;
  bool of_combinations;                  // not of features alone
  bool (*applies)(const FeatureShape&);  // what it needs of a feature
  // What the config lacks for it, such as "ratings" of "business"; empty: nothing.
  std::string_view (*lacks)(const UsageRules&, const std::string& subject);
  std::optional<Measured> (*read)(EvaluationContext&, const std::string& subject, const Interval&);
};

std::span<const TargetMeasure> target_measures();

// When targets were first met, found by a look at every local midnight since their start, at their
// due date and at the instant itself. Remembers what it found until the next local day. One thread.
class TargetHistory {
 public:
  struct Past {
    std::optional<Instant> first_met;
    std::optional<bool> met_when_due;  // once that is past, if it could be told then
  };
  // By id. Live, the past is looked at anew each day, because late rows change it.
  std::map<std::string, Past> as_of(EvaluationContext& context);

 private:
  void scan_at(EvaluationContext& context, Instant at);
  void look_when_due(EvaluationContext& context, const Target& target);

  std::optional<Instant> looked_to_;  // the midnight after the last look
  std::map<std::string, Past> past_;
};

// Where a target stands as of an instant.
struct TargetEvaluation {
  const Target* target = nullptr;
  std::optional<Measured> measured;
  std::optional<double> attainment;   // 1: reached, more is better; absent if it has no number
  std::optional<double> lower_bound;  // of the 95 % Wilson interval of a share of people
  std::optional<bool> met;            // by the target's mode
  std::uint64_t population = 0;       // active people in the measure's window
  TargetHistory::Past past;
};

// What the target's measure is at that instant; nothing before its start, or if it cannot be told.
std::optional<Measured> measured(EvaluationContext& context, const Target& target);

// For every target of the rules whose measure can be told at some time; in their order.
std::vector<TargetEvaluation> evaluate_targets(EvaluationContext& context, TargetHistory& history);

// The same once for a context, by the history that it remembers.
const std::vector<TargetEvaluation>& verdicts_of(EvaluationContext& context);

// "met", "not met yet", "missed" or "cannot be told".
std::string_view verdict_words(const TargetEvaluation& verdict, Instant at);

}  // namespace usage
