#include "collectors/measures/business/capacity.h"

#include <array>
#include <utility>

#include "collectors/measures/families/counters.h"
#include "collectors/measures/families/volume.h"

namespace usage {

namespace {

constexpr Duration kRecentWeek = std::chrono::days(7);

// Counts excluded users too: their load is load.
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

constexpr Measure kCapacityMeasures[] = {
    row("usage_capacity_info", kInfo, "", {"resource", "feature", "measure", "unit"}, kOnce,
        capacity_infos,
        "What a resource is used by, and the unit of usage_capacity_used and "
        "usage_capacity_limit."),
    row("usage_capacity_used", kGauge, "", {"resource"}, kOnce, capacity_used,
        "What is used of a resource: the most uses in one hour, or the mean uses per day, of the "
        "last 7 days; or the bytes that all uses produced. Of excluded users too."),
    row("usage_capacity_limit", kGauge, "", {"resource"}, kOnce, capacity_limit,
        "How much of the resource there is, as configured."),
};

}  // namespace

std::span<const Measure> capacity_measures() { return kCapacityMeasures; }

}  // namespace usage
