#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "collectors/measures/context/evaluation_context.h"
#include "collectors/measures/targets/target_history.h"
#include "collectors/measures/targets/target_measures.h"

namespace usage {

// A target as of an instant.
struct TargetEvaluation {
  const Target* target = nullptr;
  std::optional<Measured> measured;
  std::optional<double> attainment;  // 1: reached; more is better; absent if the measure is unknown
  std::optional<double> lower_bound;  // of the 95 % Wilson interval of a share of people
  std::optional<bool> met;            // by the target's mode; absent if unknown
  std::uint64_t population = 0;       // active people in the measure's window
  TargetHistory::Past past;
};

// Evaluates the targets of the rules, in their order.
std::vector<TargetEvaluation> evaluate_targets(EvaluationContext& context, TargetHistory& history);

// The same, computed once for a context with the history that it remembers.
const std::vector<TargetEvaluation>& verdicts_of(EvaluationContext& context);

// "met", "not met yet", "missed" or "cannot be told".
std::string_view verdict_words(const TargetEvaluation& verdict, Instant at);

}  // namespace usage
