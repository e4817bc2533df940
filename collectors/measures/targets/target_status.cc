#include "collectors/measures/targets/target_status.h"

#include <algorithm>

#include "collectors/measures/context/window.h"

namespace usage {

namespace {

// True if less than 80 % of the progress expected by now was made.
bool is_behind(const Target& target, double value, double elapsed) {
  const double way = target.threshold - target.baseline;
  return way != 0 && (value - target.baseline) / way < 0.8 * elapsed;
}

TargetState state_of(const TargetEvaluation& verdict, double elapsed, Instant at) {
  if (!verdict.met) return TargetState::unknown;
  if (*verdict.met) return TargetState::met;
  if (at >= verdict.target->due) return TargetState::missed;
  const bool behind =
      verdict.measured && is_behind(*verdict.target, verdict.measured->value, elapsed);
  return behind ? TargetState::behind_pace : TargetState::on_track;
}

}  // namespace

double elapsed_of(const Target& target, Instant at) {
  return std::clamp(seconds(at - target.start) / seconds(target.due - target.start), 0.0, 1.0);
}

double expected_at(const Target& target, Instant at) {
  return target.baseline + (target.threshold - target.baseline) * elapsed_of(target, at);
}

double heading_for(const Target& target, double value, double before, Instant at) {
  const double slope = (value - before) / seconds(TargetTrend::kBack);
  const double then = value + slope * seconds(target.due - at);
  return target.measure->unit == "ratio" ? std::min(then, 1.0) : then;
}

const std::map<std::string, double>& TargetTrend::before(const Facts& facts,
                                                         const UsageRules& rules, Instant at) {
  const Instant then = edge_at_or_before(at, facts.bucket_width) - kBack;
  if (at_ != then) {
    at_ = then;
    values_.clear();
    EvaluationContext context(facts, rules, then, false);
    for (const Target& target : rules.targets) {
      if (target.due <= at) continue;
      if (const auto found = measured(context, target)) values_[target.id] = found->value;
    }
  }
  return values_;
}

TargetBoard board_of(const std::vector<TargetEvaluation>& evaluations,
                     const std::map<std::string, double>& before, Instant at) {
  TargetBoard board{at, {}};
  for (const TargetEvaluation& verdict : evaluations) {
    const Target& target = *verdict.target;
    TargetStatus status;
    status.target = target;
    status.elapsed = elapsed_of(target, at);
    status.expected = expected_at(target, at);
    status.state = state_of(verdict, status.elapsed, at);
    status.measured = verdict.measured;
    status.lower_bound = verdict.lower_bound;
    status.population = verdict.population;
    status.first_met = verdict.past.first_met;
    const auto earlier = before.find(target.id);
    if (verdict.measured && at < target.due && earlier != before.end()) {
      status.heading_for = heading_for(target, verdict.measured->value, earlier->second, at);
    }
    board.statuses.push_back(std::move(status));
  }
  return board;
}

}  // namespace usage
