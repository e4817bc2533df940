#pragma once

#include <span>
#include <string>

#include "collectors/measures/families/measure.h"

namespace usage {

// What has been counted since the exporter knows a feature.
std::span<const Measure> counter_measures();

// Live: everything counted so far. As of the past: what the buckets held until then.
FeatureCounters counters_of(EvaluationContext& context, const std::string& feature);
// Notes in the family since when the feature's counters count.
void set_created(const EvaluationContext& context, const std::string& feature,
                 MetricFamily& family);

}  // namespace usage
