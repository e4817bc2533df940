#include "collectors/measures/targets/targets.h"

#include <algorithm>
#include <cmath>

namespace usage {

namespace {

constexpr Memo<std::vector<TargetEvaluation>> kEvaluations;

std::optional<double> attainment_of(const Target& target, double value) {
  const bool least = target.comparison == Comparison::min;
  const double above = least ? value : target.threshold, below = least ? target.threshold : value;
  return below == 0 ? std::nullopt : std::optional(above / below);
}

// E. B. Wilson, Probable Inference (1927): the two-sided 95 % interval.
std::optional<double> wilson_lower_bound(const Measured& measured) {
  if (!measured.denominator) return std::nullopt;
  constexpr double kZ = 1.959963984540054;
  const auto n = static_cast<double>(*measured.denominator);
  const double p = measured.value, z2 = kZ * kZ;
  const double middle = p + z2 / (2 * n);
  const double spread = kZ * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return std::max(0.0, (middle - spread) / (1 + z2 / n));
}

std::optional<bool> verdict_of(const Target& target, const std::optional<Measured>& measured,
                               const TargetHistory::Past& past, Instant at) {
  if (target.mode == TargetMode::by_due && past.first_met) return *past.first_met <= target.due;
  if (target.mode == TargetMode::at_due && at >= target.due) return past.met_when_due;
  if (!measured) return std::nullopt;
  const bool late = target.mode == TargetMode::by_due && at > target.due;
  return !late && reaches(target, measured->value);
}

}  // namespace

std::vector<TargetEvaluation> evaluate_targets(EvaluationContext& context, TargetHistory& history) {
  const auto past = history.as_of(context);
  std::vector<TargetEvaluation> evaluations;
  for (const Target& target : context.rules().targets) {
    TargetEvaluation verdict;
    verdict.target = &target;
    verdict.measured = measured(context, target);
    const auto known = past.find(target.id);
    if (known != past.end()) verdict.past = known->second;
    verdict.met = verdict_of(target, verdict.measured, verdict.past, context.at());
    if (verdict.measured) {
      verdict.attainment = attainment_of(target, verdict.measured->value);
      if (target.comparison == Comparison::min) {
        verdict.lower_bound = wilson_lower_bound(*verdict.measured);
      }
    }
    verdict.population = context.active(window_of(context, target)).size();
    evaluations.push_back(verdict);
  }
  return evaluations;
}

const std::vector<TargetEvaluation>& verdicts_of(EvaluationContext& context) {
  return context.once(kEvaluations, "", [&] {
    TargetHistory anew;
    TargetHistory* known = context.target_history();
    return evaluate_targets(context, known != nullptr ? *known : anew);
  });
}

std::string_view verdict_words(const TargetEvaluation& verdict, Instant at) {
  if (!verdict.met) return "cannot be told";
  if (*verdict.met) return "met";
  return at < verdict.target->due ? "not met yet" : "missed";
}

}  // namespace usage
