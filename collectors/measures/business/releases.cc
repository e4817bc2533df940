#include "collectors/measures/business/releases.h"

namespace usage {

namespace {

void releases(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for (const Release& release : context.rules().releases) {
    if (release.at <= context.at()) add_sample(family, {release.name}, unix_seconds(release.at));
  }
}

constexpr Measure kReleaseMeasures[] = {
    row("usage_release_timestamp_seconds", kGauge, "seconds", {"release"}, kOnce, releases,
        "When a version was released, as configured."),
};

}  // namespace

std::span<const Measure> release_measures() { return kReleaseMeasures; }

}  // namespace usage
