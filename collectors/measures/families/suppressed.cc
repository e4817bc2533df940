#include "collectors/measures/families/suppressed.h"

namespace usage {

namespace {

void suppressed_series(EvaluationContext& context, const std::string& feature,
                       MetricFamily& family) {
  add_sample(family, {feature}, static_cast<double>(context.suppressed(feature)));
}

constexpr Measure kSuppressionMeasures[] = {
    row("usage_suppressed_series", kGauge, "", {"feature"}, always, suppressed_series,
        "Series of breakdowns that are hidden because they are about fewer than k people, or "
        "because the rest would give them away."),
};

}  // namespace

std::span<const Measure> suppression_measures() { return kSuppressionMeasures; }

}  // namespace usage
