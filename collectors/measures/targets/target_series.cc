#include "collectors/measures/families/measure_functions.h"
#include "collectors/measures/targets/targets.h"

namespace usage {

namespace {

// One sample for every target for which `value` knows one.
void add_per_target(EvaluationContext& context, MetricFamily& family,
                    const std::function<std::optional<double>(const TargetEvaluation&)>& value) {
  for (const TargetEvaluation& verdict : verdicts_of(context)) {
    if (const auto known = value(verdict)) {
      add_sample(family, {verdict.target->subject, verdict.target->id}, *known);
    }
  }
}

void add_per_phase(EvaluationContext& context, const std::string& feature, MetricFamily& family,
                   const std::function<double(Instant from, Instant until)>& value) {
  const auto launched = context.feature_rules(feature).launched_at;
  if (!launched) return;
  for (const Phase& phase : context.rules().phases) {
    add_sample(family, {feature, phase.name},
               value(*launched + phase.from, *launched + phase.until));
  }
}

std::string_view name_of(TargetMode mode) {
  switch (mode) {
    case TargetMode::sustained:
      return "sustained";
    case TargetMode::by_due:
      return "by_due";
    case TargetMode::at_due:
      break;
  }
  return "at_due";
}

}  // namespace

void target_infos(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for (const Target& target : context.rules().targets) {
    std::string measure(target.measure->name);
    if (target.window) measure += "/" + target.window->label;
    const bool least = target.comparison == Comparison::min;
    const char* comparison = least ? (target.strict ? ">" : ">=") : (target.strict ? "<" : "<=");
    add_sample(family,
               {target.subject, target.id, target.phase, measure, std::string(target.measure->unit),
                comparison, std::string(name_of(target.mode)), target.severity, target.owner,
                target.source},
               1);
  }
}

void target_values(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_target(context, family, [](const TargetEvaluation& verdict) {
    return verdict.measured ? std::optional(verdict.measured->value) : std::nullopt;
  });
}

void target_lower_bounds(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_target(context, family,
                 [](const TargetEvaluation& verdict) { return verdict.lower_bound; });
}

void target_thresholds(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_target(context, family,
                 [](const TargetEvaluation& verdict) { return verdict.target->threshold; });
}

void target_stretches(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_target(context, family,
                 [](const TargetEvaluation& verdict) { return verdict.target->stretch; });
}

void target_attainments(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_target(context, family,
                 [](const TargetEvaluation& verdict) { return verdict.attainment; });
}

void target_met(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_target(context, family, [](const TargetEvaluation& verdict) {
    return verdict.met ? std::optional(*verdict.met ? 1.0 : 0.0) : std::nullopt;
  });
}

void target_baselines(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_target(context, family,
                 [](const TargetEvaluation& verdict) { return verdict.target->baseline; });
}

void target_starts(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_target(context, family, [](const TargetEvaluation& verdict) {
    return unix_seconds(verdict.target->start);
  });
}

void target_dues(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_target(context, family,
                 [](const TargetEvaluation& verdict) { return unix_seconds(verdict.target->due); });
}

void target_populations(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_target(context, family, [](const TargetEvaluation& verdict) {
    return static_cast<double>(verdict.population);
  });
}

void target_min_populations(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_target(context, family, [](const TargetEvaluation& verdict) {
    return static_cast<double>(verdict.target->min_population);
  });
}

void target_first_met(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_per_target(context, family, [](const TargetEvaluation& verdict) {
    const auto at = verdict.past.first_met;
    return at ? std::optional(unix_seconds(*at)) : std::nullopt;
  });
}

void phase_active(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_per_phase(context, feature, family, [&](Instant from, Instant until) {
    return from <= context.at() && context.at() < until ? 1 : 0;
  });
}

void phase_starts(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_per_phase(context, feature, family, [](Instant from, Instant) { return unix_seconds(from); });
}

void phase_ends(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_per_phase(context, feature, family,
                [](Instant, Instant until) { return unix_seconds(until); });
}

}  // namespace usage
