#include "collectors/measures/families/retention.h"

#include <algorithm>
#include <array>

#include "collectors/measures/context/privacy.h"
#include "collectors/measures/context/window.h"
#include "collectors/measures/families/engagement.h"

namespace usage {

namespace {

// People active in the closed period before a window, and those of them active in the window too.
struct Cohort {
  std::string segment;
  IdSet all, retained;
};

struct ClosedPair {
  std::string window;
  CalendarUnit unit;
  Interval before, now;
};

std::vector<ClosedPair> closed_pairs(const EvaluationContext& context) {
  std::vector<ClosedPair> pairs;
  for (const Window& window : context.rules().windows) {
    if (window.rolling || window.offset >= 0) continue;
    Window before = window;
    --before.offset;
    pairs.push_back({window.label, window.unit, context.bounds(before), context.bounds(window)});
  }
  return pairs;
}

// Splits by use in the first period alone. Counting later use would favour those who stayed longer.
std::vector<Cohort> cohorts(EvaluationContext& context, const std::string& feature,
                            const ClosedPair& pair) {
  const IdSet& active = context.active(pair.before);
  const IdSet& users = context.users(feature, pair.before);
  std::vector<Cohort> result{{"user", users, {}}, {"non_user", active - users, {}}};
  for (Cohort& cohort : result) cohort.retained = cohort.all & context.active(pair.now);
  return result;
}

// False if the period before `instant` ended before the launch: nobody could be a user in it.
bool launched_by(const EvaluationContext& context, const std::string& feature, Instant instant) {
  const auto launched = context.feature_rules(feature).launched_at;
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

void add_cohorts(EvaluationContext& context, const std::string& feature, MetricFamily& family,
                 Number& number) {
  for (const ClosedPair& pair : closed_pairs(context)) {
    if (!launched_by(context, feature, pair.before.to)) continue;
    for (const Cohort& cohort : cohorts(context, feature, pair)) {
      if (const auto value = number(cohort)) {
        add_sample(family, {feature, cohort.segment, pair.window}, *value);
      }
    }
  }
}

constexpr std::array kBands{"1", "2-3", "4+"};

// People active on one local day of the period (or only in buckets across midnight), on 2 or 3, and
// on at least 4.
std::array<IdSet, 3> by_active_days(EvaluationContext& context, const Interval& period) {
  std::vector<IdSet> days;
  const TimeZone& zone = context.rules().zone;
  const Instant start = zone.start_of(CalendarUnit::day, period.from);
  for (int day = 0;; ++day) {
    const Instant from = zone.start_of(CalendarUnit::day, start, day);
    if (from >= period.to) break;
    days.push_back(context.active(whole_buckets(
        from, zone.start_of(CalendarUnit::day, start, day + 1), context.facts().bucket_width)));
  }
  const IdSet two = in_at_least(2, days), four = in_at_least(4, days);
  return {context.active(period) - two, two - four, four};
}

void add_bands(EvaluationContext& context, const std::string& feature, MetricFamily& family,
               Number& number) {
  for (const ClosedPair& pair : closed_pairs(context)) {
    if (pair.unit != CalendarUnit::week || !launched_by(context, feature, pair.before.to)) continue;
    const std::array<IdSet, 3> bands = by_active_days(context, pair.before);
    std::vector<Cohort> cells;
    std::vector<IdSet> people;
    for (const Cohort& cohort : cohorts(context, feature, pair)) {
      for (const IdSet& band : bands) {
        cells.push_back({cohort.segment, cohort.all & band, cohort.retained & band});
        people.push_back(cells.back().all);
      }
    }
    const std::vector<bool> hidden = hidden_cells(people, context.rules().k_anonymity);
    context.count_suppressed(feature, static_cast<std::size_t>(std::ranges::count(hidden, true)));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto value = number(cells[i]);
      if (hidden[i] || !value) continue;
      add_sample(family, {feature, cells[i].segment, kBands[i % kBands.size()], pair.window},
                 *value);
    }
  }
}

void retention_cohort(EvaluationContext& context, const std::string& feature,
                      MetricFamily& family) {
  add_cohorts(context, feature, family, cohort_size);
}

void retention_retained(EvaluationContext& context, const std::string& feature,
                        MetricFamily& family) {
  add_cohorts(context, feature, family, retained_size);
}

void retention_ratio(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_cohorts(context, feature, family, retained_ratio);
}

void band_cohort(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_bands(context, feature, family, cohort_size);
}

void band_retained(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_bands(context, feature, family, retained_size);
}

void band_ratio(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_bands(context, feature, family, retained_ratio);
}

void lifecycle(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  const std::vector<Interval> weeks = context.closed(CalendarUnit::week, 2);
  const Instant end = weeks[0].to;
  const IdSet& now = context.users(feature, weeks[0]);
  const IdSet before = context.users(feature, weeks[1]) - context.not_counted(end);
  const IdSet earlier =
      context.users(feature, context.ever(feature, weeks[1].from)) - context.not_counted(end);
  const auto add = [&](const char* state, const IdSet& people) {
    add_sample(family, {feature, state}, static_cast<double>(people.size()));
  };
  add("new", now - before - earlier);
  add("retained", now & before);
  add("resurrected", (now & earlier) - before);
  add("dormant", before - now);
}

constexpr Measure kRetentionMeasures[] = {
    row("usage_lifecycle_users", kGauge, "", {"feature", "state"}, has_users, lifecycle,
        "Users of the last complete week against the week before: new (first use ever, not the "
        "user's creation), retained (used in both), resurrected (used earlier, not the week "
        "before), dormant (used the week before only)."),
    row("usage_retention_cohort_users", kGauge, "", {"feature", "segment", "window"}, has_users,
        retention_cohort,
        "Users active in the closed period before the window, by whether they used the feature in "
        "that period."),
    row("usage_retention_retained_users", kGauge, "", {"feature", "segment", "window"}, has_users,
        retention_retained,
        "Users of usage_retention_cohort_users who were active in the window too."),
    row("usage_retention_ratio", kGauge, "ratio", {"feature", "segment", "window"}, has_users,
        retention_ratio,
        "Users active in the closed window and in the period before / users active in the period "
        "before, by whether they used the feature in the period before. A comparison, not a cause: "
        "active people use features and stay.",
        {"usage_retention_retained_users", "usage_retention_cohort_users"}),
    row("usage_retention_activity_cohort_users", kGauge, "",
        {"feature", "segment", "activity_days", "window"}, has_users, band_cohort,
        "usage_retention_cohort_users by local days of activity in the first week. Absent where it "
        "is about fewer than k people, or could be computed."),
    row("usage_retention_activity_retained_users", kGauge, "",
        {"feature", "segment", "activity_days", "window"}, has_users, band_retained,
        "usage_retention_retained_users by local days of activity in the first week. Absent where "
        "the cohort is fewer than k people, or could be computed."),
    row("usage_retention_activity_ratio", kGauge, "ratio",
        {"feature", "segment", "activity_days", "window"}, has_users, band_ratio,
        "usage_retention_ratio by local days of activity in the first week, so that equally active "
        "people are compared. Absent where the cohort is fewer than k people, or could be "
        "computed.",
        {"usage_retention_activity_retained_users", "usage_retention_activity_cohort_users"}),
};

}  // namespace

std::span<const Measure> retention_measures() { return kRetentionMeasures; }

}  // namespace usage
