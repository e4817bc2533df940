#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "collectors/measures/context/evaluation_context.h"
#include "collectors/measures/targets/targets.h"
#include "exporter/exposition/metric.h"

namespace usage {

struct Evaluation {
  Metrics metrics;                            // families with samples, in the order of the page
  std::uint64_t suppressed_series = 0;        // hidden by k-anonymity; also a family, per feature
  std::uint64_t dropped_series = 0;           // beyond UsageRules::max_series
  std::vector<TargetEvaluation> evaluations;  // if `global`; they point into the rules
};

// Evaluates all measures as of `at`: those of the `features` and, if `global`, those of no single
// feature. Counters and histograms are the feature's counters if `live`, else what its buckets hold
// up to `at`. `history` remembers earlier instants of the same facts and rules; without it they are
// evaluated again.
Evaluation evaluate(const Facts& facts, const UsageRules& rules, Instant at, bool live,
                    const std::set<std::string>& features, bool global,
                    TargetHistory* history = nullptr);

// The families, without samples, that a set of features can have: for clashes and documentation.
Metrics describe_measures(const std::vector<FeatureShape>& shapes, bool global);

}  // namespace usage
