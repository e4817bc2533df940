#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/measures/targets/targets.h"

namespace usage {

// A verdict at a glance, in the words and by the limits of the dashboard "Targets and timeline":
// what one should look at first comes first.
enum class TargetState { missed, behind_pace, unknown, on_track, met };

// A verdict with what people ask next. A value.
struct TargetStatus {
  Target target;  // its measure is that of target_measures()
  TargetState state = TargetState::unknown;
  std::optional<Measured> measured;
  std::optional<double> lower_bound;
  std::uint64_t population = 0;
  std::optional<Instant> first_met;
  double elapsed = 0;   // the part of the target's time that is over, from 0 to 1
  double expected = 0;  // by now, on a straight line from the baseline to the threshold
  std::optional<double> heading_for;  // when due, if it goes on as lately; absent once it is due
};

struct TargetBoard {
  Instant as_of;
  std::vector<TargetStatus> statuses;  // in the order of the config
};

double elapsed_of(const Target& target, Instant at);
double expected_at(const Target& target, Instant at);

// What targets' measures were three days before. Remembers it until the next bucket, because it is
// a EvaluationContext of its own. One thread; always for the same facts and rules.
class TargetTrend {
 public:
  static constexpr Duration kBack = std::chrono::days(3);

  // By id; without those that had no number then.
  const std::map<std::string, double>& before(const Facts& facts, const UsageRules& rules,
                                              Instant at);

 private:
  std::optional<Instant> at_;
  std::map<std::string, double> values_;
};

// Where the trend from `before` to `value` ends when the target is due; no share exceeds one.
double heading_for(const Target& target, double value, double before, Instant at);

TargetBoard board_of(const std::vector<TargetEvaluation>& evaluations,
                     const std::map<std::string, double>& before, Instant at);

}  // namespace usage
