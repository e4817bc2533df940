#include "collectors/measures/evaluate.h"

#include <algorithm>

#include "collectors/measures/measures.h"

namespace usage {

namespace {

// Numbers are computed on the exporter's own schedule, not when they are scraped.
constexpr std::string_view kCached = " Cached: as of the last refresh.";

// True if the counter's name in OpenMetrics, which drops _total, is that of another measure.
bool shares_its_name(const Measure& measure) {
  return measure.type == MetricType::counter &&
         std::ranges::any_of(measures(), [&](const Measure& other) {
           return std::string(other.name) + "_total" == measure.name;
         });
}

MetricFamily empty_family(const Measure& measure) {
  MetricFamily family;
  family.name = measure.name;
  family.help = std::string(measure.help) + std::string(kCached);
  family.unit = measure.unit;
  family.type = measure.type;
  family.unknown_in_openmetrics = shares_its_name(measure);
  family.label_names.assign(measure.labels.begin(), measure.labels.end());
  return family;
}

// Drops series beyond `budget`; returns how many.
std::size_t shorten(MetricFamily& family, std::size_t budget) {
  const std::size_t before = family.series_count();
  while (family.series_count() > budget) {
    if (family.histograms.empty()) {
      family.samples.resize(budget);
    } else {
      family.histograms.pop_back();
    }
  }
  return before - family.series_count();
}

}  // namespace

Evaluation evaluate(const Facts& facts, const UsageRules& rules, Instant at, bool live,
                    const std::set<std::string>& features, bool global, TargetHistory* history) {
  EvaluationContext context(facts, rules, at, live);
  if (history != nullptr) context.remember(*history);
  Evaluation result;
  std::size_t budget = rules.max_series;
  for (const Measure& measure : measures()) {
    MetricFamily family = empty_family(measure);
    if (!measure.per_feature() && global) measure.evaluate(context, "", family);
    if (measure.per_feature()) {
      for (const auto& [name, feature] : facts.features) {
        if (features.contains(name) && measure.applies(feature.shape())) {
          measure.evaluate(context, name, family);
        }
      }
    }
    result.dropped_series += shorten(family, budget);
    const std::size_t series = family.series_count();
    budget -= series;
    if (series > 0) result.metrics.push_back(std::move(family));
  }
  result.suppressed_series = context.suppressed();
  if (global) result.evaluations = verdicts_of(context);
  return result;
}

Metrics describe_measures(const std::vector<FeatureShape>& shapes, bool global) {
  Metrics families;
  for (const Measure& measure : measures()) {
    const bool possible =
        measure.per_feature() ? std::ranges::any_of(shapes, measure.applies) : global;
    if (possible) families.push_back(empty_family(measure));
  }
  return families;
}

}  // namespace usage
