#include "collectors/measures/targets/target_history.h"

#include <algorithm>
#include <utility>

#include "collectors/measures/targets/target_measures.h"

namespace usage {

void TargetHistory::scan_at(EvaluationContext& context, Instant at) {
  for (const Target& target : context.rules().targets) {
    Past& past = past_[target.id];
    if (at <= target.start || (past.first_met && *past.first_met <= at)) continue;
    const auto measured = read_measure(context, target);
    if (measured && reaches(target, measured->value)) past.first_met = at;
  }
}

void TargetHistory::look_when_due(EvaluationContext& context, const Target& target) {
  Past& past = past_[target.id];
  if (target.due > context.at() || past.met_when_due) return;
  EvaluationContext due(context.facts(), context.rules(), target.due, false);
  const auto measured = read_measure(due, target);
  if (!measured) return;
  past.met_when_due = reaches(target, measured->value);
  if (*past.met_when_due && (!past.first_met || *past.first_met > target.due)) {
    past.first_met = target.due;
  }
}

std::map<std::string, TargetHistory::Past> TargetHistory::as_of(EvaluationContext& context) {
  const UsageRules& rules = context.rules();
  const auto next_day = [&](Instant instant) {
    return rules.zone.start_of(CalendarUnit::day, instant, 1);
  };
  const Instant tomorrow = next_day(context.at());
  if (looked_to_ > tomorrow || (context.live() && looked_to_ < tomorrow)) {
    looked_to_.reset();
    past_.clear();
  }
  Instant midnight = looked_to_.value_or(tomorrow);
  for (const Target& target : rules.targets) {
    if (!looked_to_) midnight = std::min(midnight, next_day(target.start));
  }
  for (; midnight < tomorrow; midnight = next_day(midnight)) {
    EvaluationContext then(context.facts(), rules, midnight, false);
    scan_at(then, midnight);
  }
  looked_to_ = tomorrow;
  for (const Target& target : rules.targets) look_when_due(context, target);
  const auto until_today = past_;
  scan_at(context, context.at());
  return std::exchange(past_, until_today);
}

}  // namespace usage
