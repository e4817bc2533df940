#include "collectors/measures/families/tracking.h"

#include <algorithm>

namespace usage {

namespace {

constexpr Duration kCoverageSpan = std::chrono::days(7);

// Leaves out attempts of excluded users.
void abandoned(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  if (!context.feature_rules(feature).has_abandoned) return;
  add_per_window(context, feature, family, [&](const Interval& window) {
    return static_cast<double>(context.summary(auxiliary::abandoned(feature), window).uses);
  });
}

// Each attempt has an unsuccessful row for its start and, if it failed, another.
std::uint64_t failures_from_rows(EvaluationContext& context, const std::string& feature,
                                 const Interval& window) {
  const std::uint64_t successes = context.summary(feature, window).uses;
  const std::uint64_t others = context.summary(auxiliary::unsuccessful(feature), window).uses;
  return others > successes ? (others - successes) / 2 : 0;
}

void approximate_failures(EvaluationContext& context, const std::string& feature,
                          MetricFamily& family) {
  if (!context.feature_rules(feature).estimates_failures) return;
  add_per_window(context, feature, family, [&](const Interval& window) {
    return static_cast<double>(failures_from_rows(context, feature, window));
  });
}

void approximate_failure_ratio(EvaluationContext& context, const std::string& feature,
                               MetricFamily& family) {
  if (!context.feature_rules(feature).estimates_failures) return;
  add_per_window(context, feature, family, [&](const Interval& window) {
    const std::uint64_t failed = failures_from_rows(context, feature, window);
    return ratio_of(failed, failed + context.summary(feature, window).uses);
  });
}

// Compares the complete buckets of the last 7 days since both sources have rows. Skips the open
// bucket, because clients send late. Counts excluded users too, because not every source has users.
std::optional<Share> coverage(EvaluationContext& context, const std::string& feature,
                              const std::string& source) {
  const FeatureFacts& truth = context.feature(feature);
  const FeatureFacts& seen = context.feature(auxiliary::cross_check(feature, source));
  if (!truth.first_bucket() || !seen.first_bucket()) return std::nullopt;
  const Instant to = truth.bucket_start(context.at());
  const Instant from = std::max({to - kCoverageSpan, *truth.first_bucket(), *seen.first_bucket()});
  if (from >= to) return std::nullopt;
  return Share{seen.totals({from, to}).uses, truth.totals({from, to}).uses};
}

template <typename Value>
void add_per_source(EvaluationContext& context, const std::string& feature, MetricFamily& family,
                    const Value& value) {
  for (const std::string& source : context.feature_rules(feature).cross_checks) {
    const auto share = coverage(context, feature, source);
    const std::optional<double> number = share ? value(*share) : std::nullopt;
    if (number) add_sample(family, {feature, source}, *number);
  }
}

void tracked(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_per_source(context, feature, family, [](const Share& share) {
    return std::optional(static_cast<double>(share.numerator));
  });
}

void to_be_tracked(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_per_source(context, feature, family, [](const Share& share) {
    return std::optional(static_cast<double>(share.denominator));
  });
}

void coverage_ratio(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_per_source(context, feature, family, [](const Share& share) { return ratio_of(share); });
}

constexpr Measure kTrackingMeasures[] = {
    row("usage_abandoned_attempts", kGauge, "", {"feature", "window"}, always, abandoned,
        "Attempts that began and neither succeeded nor failed within their time, which ended in "
        "the window: no failures, and in no other number. Without those of excluded users."),
    row("usage_approximate_failures", kGauge, "", {"feature", "window"}, always,
        approximate_failures,
        "(Rows that are no success - rows that are) / 2, of the window: the failures where every "
        "attempt begins with a row that looks like one and rows cannot be paired. Approximate: "
        "half of what was abandoned is in it."),
    row("usage_approximate_failure_ratio", kGauge, "ratio", {"feature", "window"}, always,
        approximate_failure_ratio,
        "usage_approximate_failures / these and the successful uses in the window. Approximate."),
    row("usage_tracked_uses", kGauge, "", {"feature", "source"}, always, tracked,
        "Successful uses that another source saw in the complete buckets of the last 7 days, since "
        "both know of any. Of excluded users too."),
    row("usage_tracked_uses_expected", kGauge, "", {"feature", "source"}, always, to_be_tracked,
        "Successful uses of the feature in the same buckets, by its own source. Of excluded users "
        "too."),
    row("usage_tracking_coverage_ratio", kGauge, "ratio", {"feature", "source"}, always,
        coverage_ratio,
        "usage_tracked_uses / usage_tracked_uses_expected: the share of the uses that the other "
        "source saw. Below 1 where clients block or lose events; a sudden fall is a fault.",
        {"usage_tracked_uses", "usage_tracked_uses_expected"}),
};

}  // namespace

std::span<const Measure> tracking_measures() { return kTrackingMeasures; }

}  // namespace usage
