#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/measures/targets/targets.h"

namespace usage {

// A target at a glance, in the words and by the limits of the dashboard "Targets and timeline". The
// most urgent comes first.
enum class TargetState { missed, behind_pace, unknown, on_track, met };

// A target's evaluation with pace and projection. A value.
struct TargetStatus {
  Target target;  // `measure` points into target_measures()
  TargetState state = TargetState::unknown;
  std::optional<Measured> measured;
  std::optional<double> lower_bound;
  std::uint64_t population = 0;
  std::optional<Instant> first_met;
  double elapsed = 0;   // share of the target's time that is over, from 0 to 1
  double expected = 0;  // value by now on a straight line from the baseline to the threshold
  std::optional<double> heading_for;  // projected value when due; absent once it is due
};

struct TargetBoard {
  Instant as_of;
  std::vector<TargetStatus> statuses;  // in the order of the config
};

double elapsed_of(const Target& target, Instant at);
double expected_at(const Target& target, Instant at);

// The targets' measures of three days before. Remembers them until the next bucket, because they
// take an EvaluationContext of their own. For one thread, and always the same facts and rules.
class TargetTrend {
 public:
  static constexpr Duration kBack = std::chrono::days(3);

  // By the target's id; without targets that had no number then.
  const std::map<std::string, double>& before(const Facts& facts, const UsageRules& rules,
                                              Instant at);

 private:
  std::optional<Instant> at_;
  std::map<std::string, double> values_;
};

// Extends the trend from `before` to `value` to the due date. Ratios are capped at 1.
double heading_for(const Target& target, double value, double before, Instant at);

TargetBoard board_of(const std::vector<TargetEvaluation>& evaluations,
                     const std::map<std::string, double>& before, Instant at);

}  // namespace usage
