#include <algorithm>
#include <map>

#include "collectors/measures/families.h"

namespace usage {

namespace {

std::uint64_t uses_in(Moment& moment, const std::string& feature, const Interval& window) {
  return moment.sum(feature, window).uses.total_without(moment.excluded());
}

std::uint64_t failures_in(Moment& moment, const std::string& feature, const Interval& window) {
  return moment.sum(feature, window).failures.total_without(moment.excluded());
}

std::map<Instant, std::uint64_t> uses_by_hour(Moment& moment, const std::string& feature,
                                              const Interval& window) {
  std::map<Instant, std::uint64_t> hours;
  const auto& buckets = moment.feature(feature).buckets();
  const auto stop = buckets.lower_bound(window.to);
  for (auto bucket = buckets.lower_bound(window.from); bucket != stop; ++bucket) {
    hours[std::chrono::floor<std::chrono::hours>(bucket->first)] +=
        bucket->second.uses.total_without(moment.excluded());
  }
  return hours;
}

}  // namespace

void uses(Moment& moment, const std::string& feature, MetricFamily& family) {
  add_per_window(moment, feature, family, [&](const Interval& window) {
    return static_cast<double>(uses_in(moment, feature, window));
  });
}

void attempts(Moment& moment, const std::string& feature, MetricFamily& family) {
  add_per_window(moment, feature, family, [&](const Interval& window) {
    return static_cast<double>(uses_in(moment, feature, window) +
                               failures_in(moment, feature, window));
  });
}

void failures(Moment& moment, const std::string& feature, MetricFamily& family) {
  add_per_window(moment, feature, family, [&](const Interval& window) {
    return static_cast<double>(failures_in(moment, feature, window));
  });
}

void failure_ratio(Moment& moment, const std::string& feature, MetricFamily& family) {
  add_per_window(moment, feature, family, [&](const Interval& window) {
    const std::uint64_t failed = failures_in(moment, feature, window);
    return ratio_of(failed, failed + uses_in(moment, feature, window));
  });
}

void uses_per_day(Moment& moment, const std::string& feature, MetricFamily& family) {
  for (const Window& window : moment.rules().windows) {
    if (!window.rolling) continue;
    const double days = seconds(*window.rolling) / seconds(std::chrono::days(1));
    const std::uint64_t count = uses_in(moment, feature, moment.bounds(window));
    add_sample(family, {feature, window.label}, static_cast<double>(count) / days);
  }
}

void scopes(Moment& moment, const std::string& feature, MetricFamily& family) {
  add_per_window(moment, feature, family, [&](const Interval& window) {
    return static_cast<double>(moment.sum(feature, window).scopes.size());
  });
}

void peak_hour(Moment& moment, const std::string& feature, MetricFamily& family) {
  add_per_window(moment, feature, family, [&](const Interval& window) {
    std::uint64_t most = 0;
    for (const auto& [hour, count] : uses_by_hour(moment, feature, window)) {
      most = std::max(most, count);
    }
    return static_cast<double>(most);
  });
}

}  // namespace usage
