#include "collectors/measures/families/volume.h"

#include <algorithm>
#include <functional>
#include <map>

namespace usage {

namespace {

std::uint64_t uses_in(EvaluationContext& context, const std::string& feature,
                      const Interval& window) {
  return context.summary(feature, window).uses;
}

std::uint64_t failures_in(EvaluationContext& context, const std::string& feature,
                          const Interval& window) {
  return context.summary(feature, window).failures;
}

struct Hour {
  std::uint64_t with_excluded = 0;
  std::vector<const PerUserCounts*> buckets;
};

std::vector<Hour> hours_of(const FeatureFacts& facts, const Interval& window) {
  std::map<Instant, Hour> hours;
  const auto stop = facts.buckets().lower_bound(window.to);
  for (auto at = facts.buckets().lower_bound(window.from); at != stop; ++at) {
    Hour& hour = hours[std::chrono::floor<std::chrono::hours>(at->first)];
    hour.with_excluded += at->second.uses.total();
    hour.buckets.push_back(&at->second.uses);
  }
  std::vector<Hour> result;
  for (auto& [start, hour] : hours) result.push_back(std::move(hour));
  return result;
}

// Looks at hours by their count with excluded users, an upper bound, so that most are skipped.
std::uint64_t busiest(std::vector<Hour> hours, const IdSet& excluded) {
  std::ranges::sort(hours, std::greater(), &Hour::with_excluded);
  std::uint64_t most = 0;
  for (const Hour& hour : hours) {
    if (hour.with_excluded <= most) break;
    std::uint64_t count = 0;
    for (const PerUserCounts* uses : hour.buckets) count += uses->total_without(excluded);
    most = std::max(most, count);
  }
  return most;
}

void uses(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_per_window(context, feature, family, [&](const Interval& window) {
    return static_cast<double>(uses_in(context, feature, window));
  });
}

void attempts(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_per_window(context, feature, family, [&](const Interval& window) {
    return static_cast<double>(uses_in(context, feature, window) +
                               failures_in(context, feature, window));
  });
}

void failures(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_per_window(context, feature, family, [&](const Interval& window) {
    return static_cast<double>(failures_in(context, feature, window));
  });
}

void failure_ratio(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_per_window(context, feature, family, [&](const Interval& window) {
    const std::uint64_t failed = failures_in(context, feature, window);
    return ratio_of(failed, failed + uses_in(context, feature, window));
  });
}

void uses_per_day(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  for (const Window& window : context.rules().windows) {
    if (!window.rolling) continue;
    const double days = seconds(*window.rolling) / seconds(std::chrono::days(1));
    const std::uint64_t count = uses_in(context, feature, context.bounds(window));
    add_sample(family, {feature, window.label}, static_cast<double>(count) / days);
  }
}

void scopes(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_per_window(context, feature, family, [&](const Interval& window) {
    return static_cast<double>(context.summary(feature, window).scopes.size());
  });
}

void peak_hour(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_per_window(context, feature, family, [&](const Interval& window) {
    return static_cast<double>(busiest_hour(context, feature, window, context.excluded()));
  });
}

void growth_ratio(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  for (const Window& window : context.rules().windows) {
    if (const auto before = context.before(window)) {
      const auto was = static_cast<double>(context.summary(feature, *before).uses);
      const auto is = static_cast<double>(context.summary(feature, context.bounds(window)).uses);
      if (was > 0) add_sample(family, {feature, window.label}, is / was - 1);
    }
  }
}

constexpr Measure kVolumeMeasures[] = {
    row("usage_uses", kGauge, "", {"feature", "window"}, always, uses,
        "Successful uses in the window, without those of excluded users."),
    row("usage_attempts", kGauge, "", {"feature", "window"}, has_outcome, attempts,
        "Uses and failures in the window, without those of excluded users."),
    row("usage_failures", kGauge, "", {"feature", "window"}, has_outcome, failures,
        "Failures in the window, without those of excluded users."),
    row("usage_failure_ratio", kGauge, "ratio", {"feature", "window"}, has_outcome, failure_ratio,
        "Failures in the window / uses and failures in the window, without those of excluded "
        "users.",
        {"usage_failures", "usage_attempts"}),
    row("usage_uses_per_day", kGauge, "", {"feature", "window"}, always, uses_per_day,
        "Successful uses in the window / days of the window; rolling windows only."),
    row("usage_peak_hourly_uses", kGauge, "", {"feature", "window"}, always, peak_hour,
        "Most successful uses in one UTC hour of the window, without those of excluded users."),
    row("usage_growth_ratio", kGauge, "ratio", {"feature", "window"}, always, growth_ratio,
        "Successful uses in the window / those in as long before it, less 1; windows that have "
        "ended only. Absent where there was no use before."),
    row("usage_scopes", kGauge, "", {"feature", "window"}, has_scope, scopes,
        "Distinct scopes (channels, projects) with a successful use in the window."),
};

}  // namespace

std::span<const Measure> volume_measures() { return kVolumeMeasures; }

std::uint64_t busiest_hour(EvaluationContext& context, const std::string& feature,
                           const Interval& window, const IdSet& excluded) {
  return busiest(hours_of(context.feature(feature), window), excluded);
}

}  // namespace usage
