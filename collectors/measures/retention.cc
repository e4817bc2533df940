#include <algorithm>
#include <array>

#include "collectors/measures/families.h"
#include "collectors/measures/privacy.h"
#include "collectors/measures/window.h"

namespace usage {

namespace {

// People who were active in the closed period before a window, and those of them who were again in
// the window.
struct Cohort {
  std::string segment;
  UserSet all, retained;
};

struct ClosedPair {
  std::string window;
  CalendarUnit unit;
  Interval before, now;
};

std::vector<ClosedPair> closed_pairs(const Moment& moment) {
  std::vector<ClosedPair> pairs;
  for (const Window& window : moment.rules().windows) {
    if (window.rolling || window.offset >= 0) continue;
    Window before = window;
    --before.offset;
    pairs.push_back({window.label, window.unit, moment.bounds(before), moment.bounds(window)});
  }
  return pairs;
}

// By use in the first period alone: whoever had longer to use it would seem to stay longer.
std::vector<Cohort> cohorts(Moment& moment, const std::string& feature, const ClosedPair& pair) {
  const UserSet& active = moment.active(pair.before);
  const UserSet& users = moment.users(feature, pair.before);
  std::vector<Cohort> result{{"user", users, {}}, {"non_user", active - users, {}}};
  for (Cohort& cohort : result) cohort.retained = cohort.all & moment.active(pair.now);
  return result;
}

// Nobody could be a user in a period that ended before the launch.
bool launched_by(const Moment& moment, const std::string& feature, Instant instant) {
  const auto launched = moment.feature_rules(feature).launched_at;
  return !launched || *launched < instant;
}

using Number = std::optional<double>(const Cohort&);

Number cohort_size, retained_size, retained_ratio;

std::optional<double> cohort_size(const Cohort& cohort) {
  return static_cast<double>(cohort.all.size());
}
std::optional<double> retained_size(const Cohort& cohort) {
  return static_cast<double>(cohort.retained.size());
}
std::optional<double> retained_ratio(const Cohort& cohort) {
  return ratio_of(cohort.retained.size(), cohort.all.size());
}

void add_cohorts(Moment& moment, const std::string& feature, MetricFamily& family, Number& number) {
  for (const ClosedPair& pair : closed_pairs(moment)) {
    if (!launched_by(moment, feature, pair.before.to)) continue;
    for (const Cohort& cohort : cohorts(moment, feature, pair)) {
      if (const auto value = number(cohort)) {
        add_sample(family, {feature, cohort.segment, pair.window}, *value);
      }
    }
  }
}

constexpr std::array kBands{"1", "2-3", "4+"};

// Those active on one local day (or only in buckets that no day holds wholly), on 2 or 3, on at
// least 4 local days of the period.
std::array<UserSet, 3> by_active_days(Moment& moment, const Interval& period) {
  std::vector<UserSet> days;
  const TimeZone& zone = moment.rules().zone;
  const Instant start = zone.start_of(CalendarUnit::day, period.from);
  for (int day = 0;; ++day) {
    const Instant from = zone.start_of(CalendarUnit::day, start, day);
    if (from >= period.to) break;
    days.push_back(moment.active(whole_buckets(
        from, zone.start_of(CalendarUnit::day, start, day + 1), moment.facts().bucket_width)));
  }
  const UserSet two = in_at_least(2, days), four = in_at_least(4, days);
  return {moment.active(period) - two, two - four, four};
}

void add_bands(Moment& moment, const std::string& feature, MetricFamily& family, Number& number) {
  for (const ClosedPair& pair : closed_pairs(moment)) {
    if (pair.unit != CalendarUnit::week || !launched_by(moment, feature, pair.before.to)) continue;
    const std::array<UserSet, 3> bands = by_active_days(moment, pair.before);
    std::vector<Cohort> cells;
    std::vector<UserSet> people;
    for (const Cohort& cohort : cohorts(moment, feature, pair)) {
      for (const UserSet& band : bands) {
        cells.push_back({cohort.segment, cohort.all & band, cohort.retained & band});
        people.push_back(cells.back().all);
      }
    }
    const std::vector<bool> hidden = hidden_cells(people, moment.rules().k_anonymity);
    moment.count_suppressed(feature, static_cast<std::size_t>(std::ranges::count(hidden, true)));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto value = number(cells[i]);
      if (hidden[i] || !value) continue;
      add_sample(family, {feature, cells[i].segment, kBands[i % kBands.size()], pair.window},
                 *value);
    }
  }
}

}  // namespace

void retention_cohort(Moment& moment, const std::string& feature, MetricFamily& family) {
  add_cohorts(moment, feature, family, cohort_size);
}

void retention_retained(Moment& moment, const std::string& feature, MetricFamily& family) {
  add_cohorts(moment, feature, family, retained_size);
}

void retention_ratio(Moment& moment, const std::string& feature, MetricFamily& family) {
  add_cohorts(moment, feature, family, retained_ratio);
}

void band_cohort(Moment& moment, const std::string& feature, MetricFamily& family) {
  add_bands(moment, feature, family, cohort_size);
}

void band_retained(Moment& moment, const std::string& feature, MetricFamily& family) {
  add_bands(moment, feature, family, retained_size);
}

void band_ratio(Moment& moment, const std::string& feature, MetricFamily& family) {
  add_bands(moment, feature, family, retained_ratio);
}

void lifecycle(Moment& moment, const std::string& feature, MetricFamily& family) {
  const std::vector<Interval> weeks = moment.closed(CalendarUnit::week, 2);
  const Instant end = weeks[0].to;
  const UserSet& now = moment.users(feature, weeks[0]);
  const UserSet before = moment.users(feature, weeks[1]) - moment.not_counted(end);
  const UserSet earlier =
      moment.users(feature, moment.ever(feature, weeks[1].from)) - moment.not_counted(end);
  const auto add = [&](const char* state, const UserSet& people) {
    add_sample(family, {feature, state}, static_cast<double>(people.size()));
  };
  add("new", now - before - earlier);
  add("retained", now & before);
  add("resurrected", (now & earlier) - before);
  add("dormant", before - now);
}

}  // namespace usage
