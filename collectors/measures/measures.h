#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/measures/context/evaluation_context.h"
#include "collectors/measures/context/window.h"
#include "collectors/measures/targets/targets.h"
#include "exporter/exposition/metric.h"

namespace usage {

inline constexpr auto kGauge = MetricType::gauge;
inline constexpr auto kCounter = MetricType::counter;
inline constexpr auto kHistogram = MetricType::histogram;
inline constexpr auto kInfo = MetricType::info;

// One row of the table of everything that is computed. Ratios with a zero denominator, and anything
// that cannot be known at that instant, give no sample.
struct Measure {
  std::string_view name;  // on the wire, e.g. usage_adoption_ratio
  MetricType type;
  std::string_view unit;
  std::string_view help;  // window, numerator and denominator in words
  std::vector<std::string_view> labels;
  bool per_feature;  // evaluated for each feature that has what it needs, else once
  bool (*applies)(const FeatureShape&);  // what it needs of a feature; unused unless per_feature
  void (*evaluate)(EvaluationContext&, const std::string& feature,
                   MetricFamily&);  // appends samples
};

std::span<const Measure> measures();

struct Evaluation {
  Metrics metrics;                            // every family of the table that has samples
  std::uint64_t suppressed_series = 0;        // hidden by k-anonymity; also a family, per feature
  std::uint64_t dropped_series = 0;           // beyond max_series
  std::vector<TargetEvaluation> evaluations;  // if global; they point into the rules
};

// All measures as of `at`. With `features`, only theirs; `global` adds those of no single feature.
// Counters and histograms are the feature's counters if `live`, else what its buckets hold up to
// `at`.
// `history` remembers earlier instants of the same facts and rules; without, it is made anew.
Evaluation evaluate(const Facts& facts, const UsageRules& rules, Instant at, bool live,
                    const std::set<std::string>& features, bool global,
                    TargetHistory* history = nullptr);

// The families without samples that a set of features can have: for clashes and documentation.
Metrics describe_measures(const std::vector<FeatureShape>& shapes, bool global);

}  // namespace usage
