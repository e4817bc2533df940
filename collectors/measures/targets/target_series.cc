#include "collectors/measures/targets/target_series.h"

#include "collectors/measures/targets/targets.h"

namespace usage {

namespace {

// Adds a sample for each target for which `value` returns a number.
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

constexpr Measure kTargetSeriesMeasures[] = {
    row("usage_phase_active", kGauge, "", {"feature", "phase"}, always, phase_active,
        "1 while the feature is in this phase of its life, else 0."),
    row("usage_phase_start_timestamp_seconds", kGauge, "seconds", {"feature", "phase"}, always,
        phase_starts, "When the phase of the feature begins."),
    row("usage_phase_end_timestamp_seconds", kGauge, "seconds", {"feature", "phase"}, always,
        phase_ends, "When the phase of the feature ends, not included."),
    row("usage_target_info", kInfo, "",
        {"feature", "target", "phase", "measure", "unit", "comparison", "mode", "severity", "owner",
         "source"},
        kOnce, target_infos,
        "What was promised: \"feature\" is a feature or a combination, \"source\" where its rows "
        "come from."),
    row("usage_target_value", kGauge, "", {"feature", "target"}, kOnce, target_values,
        "The target's measure now. Absent before its start and while it cannot be told."),
    row("usage_target_value_lower_bound", kGauge, "", {"feature", "target"}, kOnce,
        target_lower_bounds,
        "Lower end of the 95 % Wilson interval of usage_target_value, where that is a share that "
        "is to be large: what so few people can tell."),
    row("usage_target_threshold", kGauge, "", {"feature", "target"}, kOnce, target_thresholds,
        "What the measure must reach."),
    row("usage_target_stretch", kGauge, "", {"feature", "target"}, kOnce, target_stretches,
        "What it would be good to reach."),
    row("usage_target_attainment_ratio", kGauge, "ratio", {"feature", "target"}, kOnce,
        target_attainments,
        "usage_target_value / usage_target_threshold, or the other way round where less is better: "
        "1 is reached."),
    row("usage_target_met", kGauge, "", {"feature", "target"}, kOnce, target_met,
        "1 if the target is met, else 0. Mode sustained: now; by_due: at any local midnight until "
        "the due date; at_due: now, and from the due date on what was so then."),
    row("usage_target_baseline_value", kGauge, "", {"feature", "target"}, kOnce, target_baselines,
        "Where the measure stood at the start."),
    row("usage_target_start_timestamp_seconds", kGauge, "seconds", {"feature", "target"}, kOnce,
        target_starts, "When the target begins: the launch unless configured."),
    row("usage_target_due_timestamp_seconds", kGauge, "seconds", {"feature", "target"}, kOnce,
        target_dues, "When the target is to be met."),
    row("usage_target_population", kGauge, "", {"feature", "target"}, kOnce, target_populations,
        "Active users in the window of the target's measure, or in the last 28 days."),
    row("usage_target_min_population", kGauge, "", {"feature", "target"}, kOnce,
        target_min_populations, "With fewer active users no alert speaks of the target."),
    row("usage_target_first_met_timestamp_seconds", kGauge, "seconds", {"feature", "target"}, kOnce,
        target_first_met,
        "The first local midnight since the start, or the due date, at which the measure had "
        "reached the threshold, whatever came after; computed from the rows that are there now."),
};

}  // namespace

std::span<const Measure> target_series_measures() { return kTargetSeriesMeasures; }

}  // namespace usage
