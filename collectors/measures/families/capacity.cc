#include <array>
#include <utility>

#include "collectors/measures/families/business.h"

namespace usage {

namespace {

constexpr Duration kRecentWeek = std::chrono::days(7);

// Load is load: that of excluded users too.
std::optional<double> used(EvaluationContext& context, const Capacity& capacity) {
  const Interval window = context.last(kRecentWeek);
  switch (capacity.measure) {
    case CapacityMeasure::peak_hourly_uses:
      return static_cast<double>(busiest_hour(context, capacity.feature, window, {}));
    case CapacityMeasure::uses_per_day:
      return static_cast<double>(context.feature(capacity.feature).totals(window).uses) /
             (seconds(window.to - window.from) / seconds(std::chrono::days(1)));
    case CapacityMeasure::stored_bytes:
      break;
  }
  return counters_of(context, capacity.feature).size.sum;
}

}  // namespace

void capacity_infos(EvaluationContext& context, const std::string&, MetricFamily& family) {
  constexpr std::array<std::pair<const char*, const char*>, 3> kMeasures{
      // in the order of the enum
      {{"peak_hourly_uses", "uses per hour"},
       {"uses_per_day", "uses per day"},
       {"stored_bytes", "bytes"}}};
  for (const Capacity& capacity : context.rules().capacities) {
    const auto& [measure, unit] = kMeasures.at(static_cast<std::size_t>(capacity.measure));
    add_sample(family, {capacity.resource, capacity.feature, measure, unit}, 1);
  }
}

void capacity_used(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for (const Capacity& capacity : context.rules().capacities) {
    if (const auto now = used(context, capacity)) add_sample(family, {capacity.resource}, *now);
  }
}

void capacity_limit(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for (const Capacity& capacity : context.rules().capacities) {
    add_sample(family, {capacity.resource}, capacity.limit);
  }
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

void releases(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for (const Release& release : context.rules().releases) {
    if (release.at <= context.at()) add_sample(family, {release.name}, unix_seconds(release.at));
  }
}

}  // namespace usage
