#include "collectors/measures/families/counters.h"

#include <algorithm>

#include "collectors/measures/families/shown_values.h"

namespace usage {

namespace {

constexpr Memo<FeatureCounters> kCounters;

bool has_durations(const FeatureShape& shape) { return !shape.duration_bounds.empty(); }
bool has_sizes(const FeatureShape& shape) { return !shape.size_bounds.empty(); }

void add_count(EvaluationContext& context, const std::string& feature, MetricFamily& family,
               std::uint64_t count) {
  set_created(context, feature, family);
  add_sample(family, {feature}, static_cast<double>(count));
}

// The bounds that all features share: a family has one list of bounds, and only shared ones are
// exact for each feature.
std::vector<double> common_bounds(const Facts& facts,
                                  const std::vector<double> FeatureShape::* bounds) {
  std::optional<std::vector<double>> common;
  for (const auto& [name, feature] : facts.features) {
    const std::vector<double>& own = feature.shape().*bounds;
    if (own.empty()) continue;
    if (!common) common = own;
    std::erase_if(*common, [&](double bound) { return std::ranges::count(own, bound) == 0; });
  }
  return common.value_or(std::vector<double>());
}

void add_histogram(EvaluationContext& context, const std::string& feature, MetricFamily& family,
                   const Distribution& distribution, std::vector<double> FeatureShape::* which) {
  set_created(context, feature, family);
  family.bounds = common_bounds(context.facts(), which);
  const std::vector<double>& own = context.feature(feature).shape().*which;
  HistogramSample sample{.labels = {feature}, .bucket_counts = {}, .sum = distribution.sum};
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < own.size(); ++i) {
    below += i < distribution.counts.size() ? distribution.counts[i] : 0;
    if (std::ranges::count(family.bounds, own[i]) > 0) sample.bucket_counts.push_back(below);
  }
  sample.bucket_counts.push_back(distribution.count());
  family.histograms.push_back(std::move(sample));
}

void uses_total(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_count(context, feature, family, counters_of(context, feature).uses);
}

void attempts_total(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  const FeatureCounters counters = counters_of(context, feature);
  add_count(context, feature, family, counters.uses + counters.failures);
}

void failures_total(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  set_created(context, feature, family);
  const FeatureCounters counters = counters_of(context, feature);
  const auto& reasons = context.feature(feature).shape().reasons;
  std::uint64_t other = 0;
  for (std::size_t i = 0; i < counters.failures_by_reason.size(); ++i) {
    const std::uint64_t count = counters.failures_by_reason[i];
    if (i < reasons.size() && reasons[i] != kOther) {
      add_sample(family, {feature, reasons[i]}, static_cast<double>(count));
    } else {
      other += count;
    }
  }
  add_sample(family, {feature, kOther}, static_cast<double>(other));
}

void dimension_uses_total(EvaluationContext& context, const std::string& feature,
                          MetricFamily& family) {
  set_created(context, feature, family);
  const FeatureCounters counters = counters_of(context, feature);
  const FeatureFacts& facts = context.feature(feature);
  for (std::size_t d = 0; d < facts.shape().dimensions.size(); ++d) {
    const ShownValues& shown = shown_values(context, feature, d);
    std::vector<std::uint64_t> counts(shown.labels.size() + 1);
    if (d < counters.dimensions.size()) {
      for (const auto& [value, count] : counters.dimensions[d]) counts[shown.place(value)] += count;
    }
    for (std::size_t i = 0; i < shown.labels.size(); ++i) {
      add_sample(family, {feature, facts.shape().dimensions[d], shown.labels[i]},
                 static_cast<double>(counts[i]));
    }
    // If the shown values change, "other" would fall when a value joins them: no counter may.
    if (shown.fixed) {
      add_sample(family, {feature, facts.shape().dimensions[d], kOther},
                 static_cast<double>(counts.back()));
    }
  }
}

void unattributed_total(EvaluationContext& context, const std::string& feature,
                        MetricFamily& family) {
  add_count(context, feature, family, counters_of(context, feature).unattributed);
}

void operation_duration(EvaluationContext& context, const std::string& feature,
                        MetricFamily& family) {
  add_histogram(context, feature, family, counters_of(context, feature).duration,
                &FeatureShape::duration_bounds);
}

void payload_bytes(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_histogram(context, feature, family, counters_of(context, feature).size,
                &FeatureShape::size_bounds);
}

constexpr Measure kCounterMeasures[] = {
    row("usage_uses_total", kCounter, "", {"feature"}, always, uses_total,
        "Successful uses counted since the exporter knows the feature. Deleted rows stay counted."),
    row("usage_attempts_total", kCounter, "", {"feature"}, has_outcome, attempts_total,
        "Uses and failures counted since the exporter knows the feature."),
    row("usage_failures_total", kCounter, "", {"feature", "reason"}, has_outcome, failures_total,
        "Failures counted since the exporter knows the feature, by listed reason; any other is "
        "\"other\"."),
    row("usage_unattributed_events_total", kCounter, "", {"feature"}, has_users, unattributed_total,
        "Uses and failures without a user, counted since the exporter knows the feature: uses, but "
        "of nobody."),
    row("usage_dimension_uses_total", kCounter, "", {"feature", "dimension", "value"},
        has_dimensions, dimension_uses_total,
        "Successful uses by one dimension, counted since the exporter knows the feature. Values "
        "that are not listed are \"other\"; where the shown values are the top ones, there is no "
        "\"other\"."),
    row("usage_operation_duration_seconds", kHistogram, "seconds", {"feature"}, has_durations,
        operation_duration,
        "Duration of successful uses, counted since the exporter knows the feature."),
    row("usage_payload_bytes", kHistogram, "bytes", {"feature"}, has_sizes, payload_bytes,
        "Size of what successful uses produced, counted since the exporter knows the feature."),
};

}  // namespace

std::span<const Measure> counter_measures() { return kCounterMeasures; }

FeatureCounters counters_of(EvaluationContext& context, const std::string& feature) {
  if (context.live()) return context.feature(feature).counters();
  return context.once(kCounters, feature, [&] {
    return context.feature(feature).totals(context.ever(feature, context.end()));
  });
}

// Live, a purged or late bucket must not move it: Prometheus would see a reset.
void set_created(const EvaluationContext& context, const std::string& feature,
                 MetricFamily& family) {
  const FeatureFacts& facts = context.feature(feature);
  const auto since = context.live() ? facts.counting_since() : std::nullopt;
  const auto first = since ? since : facts.first_bucket();
  if (first) family.created = family.created ? std::min(*family.created, *first) : first;
}

}  // namespace usage
