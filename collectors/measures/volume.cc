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

// The uses of the buckets that any window needs.
std::map<Instant, std::uint64_t> uses_by_bucket(Moment& moment, const std::string& feature) {
  Instant from = moment.end();
  for (const Window& window : moment.rules().windows) {
    from = std::min(from, moment.bounds(window).from);
  }
  std::map<Instant, std::uint64_t> uses;
  const auto& buckets = moment.feature(feature).buckets();
  const auto stop = buckets.lower_bound(moment.end());
  for (auto bucket = buckets.lower_bound(from); bucket != stop; ++bucket) {
    uses[bucket->first] = bucket->second.uses.total_without(moment.excluded());
  }
  return uses;
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
  const std::map<Instant, std::uint64_t> uses = uses_by_bucket(moment, feature);
  add_per_window(moment, feature, family, [&](const Interval& window) {
    std::map<Instant, std::uint64_t> hours;
    const auto stop = uses.lower_bound(window.to);
    for (auto at = uses.lower_bound(window.from); at != stop; ++at) {
      hours[std::chrono::floor<std::chrono::hours>(at->first)] += at->second;
    }
    std::uint64_t most = 0;
    for (const auto& [hour, count] : hours) most = std::max(most, count);
    return static_cast<double>(most);
  });
}

}  // namespace usage
