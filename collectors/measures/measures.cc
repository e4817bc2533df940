#include "collectors/measures/measures.h"

#include <algorithm>

#include "collectors/measures/business_measures.h"
#include "collectors/measures/context/feature_predicates.h"
#include "collectors/measures/families/business.h"
#include "collectors/measures/tracking_measures.h"

namespace usage {

namespace {

using Shape = const FeatureShape&;

bool has_durations(Shape shape) { return !shape.duration_bounds.empty(); }
bool has_sizes(Shape shape) { return !shape.size_bounds.empty(); }
bool has_dimensions(Shape shape) { return !shape.dimensions.empty(); }
bool has_user_dimensions(Shape shape) { return shape.has_users && has_dimensions(shape); }
bool has_report_types(Shape shape) {
  return shape.has_users && std::ranges::count(shape.dimensions, "report_type") > 0;
}

// A row without a feature.
constexpr bool (*kOnce)(Shape) = nullptr;

Measure row(std::string_view name, MetricType type, std::string_view unit,
            std::vector<std::string_view> labels, bool (*applies)(Shape), Evaluate* evaluate,
            std::string_view help) {
  return {name, type, unit, help, std::move(labels), applies != kOnce, applies, evaluate};
}

// In the order of the page.
std::vector<Measure> first_rows() {
  return {
      row("usage_window_start_timestamp_seconds", kGauge, "seconds", {"window"}, kOnce,
          window_starts, "Start of the window as it was used: the first whole bucket in it."),
      row("usage_window_end_timestamp_seconds", kGauge, "seconds", {"window"}, kOnce, window_ends,
          "End of the window as it was used, not included."),
      row("usage_timezone_info", kInfo, "", {"timezone", "week_start"}, kOnce, time_zone_info,
          "Where local days, weeks and months begin."),
      row("usage_excluded_users", kGauge, "", {}, kOnce, excluded_users,
          "Users that are left out of every number but counters: internal people, tests, bots."),
      row("usage_feature_info", kInfo, "", {"feature", "title"}, always, feature_infos,
          "What people call the feature: its title as configured, else its name."),
      row("usage_launch_timestamp_seconds", kGauge, "seconds", {"feature"}, always, launches,
          "When the feature was launched."),
      row("usage_uses_total", kCounter, "", {"feature"}, always, uses_total,
          "Successful uses counted since the exporter knows the feature. Deleted rows stay "
          "counted."),
      row("usage_attempts_total", kCounter, "", {"feature"}, has_outcome, attempts_total,
          "Uses and failures counted since the exporter knows the feature."),
      row("usage_failures_total", kCounter, "", {"feature", "reason"}, has_outcome, failures_total,
          "Failures counted since the exporter knows the feature, by listed reason; any other "
          "is \"other\"."),
      row("usage_unattributed_events_total", kCounter, "", {"feature"}, has_users,
          unattributed_total,
          "Uses and failures without a user, counted since the exporter knows the feature: "
          "uses, but of nobody."),
      row("usage_dimension_uses_total", kCounter, "", {"feature", "dimension", "value"},
          has_dimensions, dimension_uses_total,
          "Successful uses by one dimension, counted since the exporter knows the feature. "
          "Values that are not listed are \"other\"; where the shown values are the top ones, "
          "there is no \"other\"."),
      row("usage_operation_duration_seconds", kHistogram, "seconds", {"feature"}, has_durations,
          operation_duration,
          "Duration of successful uses, counted since the exporter knows the feature."),
      row("usage_payload_bytes", kHistogram, "bytes", {"feature"}, has_sizes, payload_bytes,
          "Size of what successful uses produced, counted since the exporter knows the "
          "feature."),
      row("usage_uses", kGauge, "", {"feature", "window"}, always, uses,
          "Successful uses in the window, without those of excluded users."),
      row("usage_attempts", kGauge, "", {"feature", "window"}, has_outcome, attempts,
          "Uses and failures in the window, without those of excluded users."),
      row("usage_failures", kGauge, "", {"feature", "window"}, has_outcome, failures,
          "Failures in the window, without those of excluded users."),
      row("usage_failure_ratio", kGauge, "ratio", {"feature", "window"}, has_outcome, failure_ratio,
          "Failures in the window / uses and failures in the window, without those of excluded "
          "users."),
      row("usage_uses_per_day", kGauge, "", {"feature", "window"}, always, uses_per_day,
          "Successful uses in the window / days of the window; rolling windows only."),
      row("usage_peak_hourly_uses", kGauge, "", {"feature", "window"}, always, peak_hour,
          "Most successful uses in one UTC hour of the window, without those of excluded "
          "users."),
      row("usage_growth_ratio", kGauge, "ratio", {"feature", "window"}, always, growth_ratio,
          "Successful uses in the window / those in as long before it, less 1; windows that have "
          "ended only. Absent where there was no use before."),
      row("usage_scopes", kGauge, "", {"feature", "window"}, has_scope, scopes,
          "Distinct scopes (channels, projects) with a successful use in the window."),
      row("usage_dimension_uses", kGauge, "", {"feature", "dimension", "value", "window"},
          has_dimensions, dimension_uses,
          "Successful uses in the window by one dimension, without those of excluded users. "
          "Absent where fewer than k people are behind a value, or could be computed."),
      row("usage_dimension_users", kGauge, "", {"feature", "dimension", "value", "window"},
          has_user_dimensions, dimension_users,
          "Distinct users with a success of that value in the window. Not additive: one person "
          "may use several. Absent where fewer than k people are behind a value, or could be "
          "computed."),
      row("usage_dimension_other_ratio", kGauge, "ratio", {"feature", "dimension", "window"},
          has_dimensions, dimension_other_ratio,
          "Successful uses in the window whose value is not shown by itself / all successful "
          "uses in the window."),
      row("usage_active_users", kGauge, "", {"window"}, kOnce, active_users,
          "Distinct people active in the window: an activity row or a successful use of any "
          "feature. Excluded, ineligible and deleted users are left out."),
      row("usage_feature_users", kGauge, "", {"feature", "window"}, has_users, feature_users,
          "Distinct users with a successful use in the window. Excluded, ineligible and "
          "deleted users are left out."),
      row("usage_adoption_ratio", kGauge, "ratio", {"feature", "window"}, has_users, adoption_ratio,
          "Users of the feature in the window / users active in the same window."),
      row("usage_adoption_tried_users", kGauge, "", {"feature"}, has_users, tried_users,
          "Users active in the last 28 days with a successful use since the launch."),
      row("usage_adoption_tried_ratio", kGauge, "ratio", {"feature"}, has_users, tried_ratio,
          "Users active in the last 28 days with a successful use since the launch / users "
          "active in the last 28 days."),
      row("usage_adoption_regular_users", kGauge, "", {"feature"}, has_users, regular_users_now,
          "Users with a successful use in enough of the last periods (2 of 4 weeks unless "
          "configured). Absent until that many periods have passed since the launch."),
      row("usage_adoption_regular_ratio", kGauge, "ratio", {"feature"}, has_users, regular_ratio,
          "Users with a successful use in enough of the last periods (2 of 4 weeks unless "
          "configured) / users active in these periods. Absent until that many periods have "
          "passed since the launch."),
      row("usage_combination_users", kGauge, "", {"combination", "window"}, kOnce,
          combination_users,
          "Distinct users of all, or of any, features of the combination in the window."),
      row("usage_combination_adoption_ratio", kGauge, "ratio", {"combination", "window"}, kOnce,
          combination_ratio,
          "Users of all, or of any, features of the combination in the window / users active "
          "in the same window."),
      row("usage_activation_ratio", kGauge, "ratio", {"feature"}, has_users, activation_ratio,
          "Users with a first success within 7 days of being able to (the launch or their "
          "creation, whichever is later) / users for whom these 7 days have passed."),
      row("usage_time_to_first_use_seconds_median", kGauge, "", {"feature"}, has_users,
          first_use_median,
          "Median time from being able to use it (the launch or the user's creation, whichever "
          "is later) to the bucket of the first success since the launch, over those who had "
          "one."),
      row("usage_stickiness_ratio", kGauge, "ratio", {"feature", "ratio"}, has_users, stickiness,
          "Mean users of the feature per local day / its distinct users, over the last 7 "
          "(dau_wau) or 28 (dau_mau) complete local days."),
      row("usage_product_stickiness_ratio", kGauge, "ratio", {"ratio"}, kOnce, product_stickiness,
          "Mean active users per local day / distinct active users, over the last 7 (dau_wau) "
          "or 28 (dau_mau) complete local days."),
      row("usage_l28_users", kGauge, "", {"feature", "days"}, has_users, active_days,
          "Users with a success on exactly so many of the last 28 complete local days. Absent "
          "where it is about fewer than k people, or could be computed."),
      row("usage_segment_users", kGauge, "", {"feature", "segment"}, has_users, segments,
          "Users by days with a success among the last 28 complete local days: power (8 or "
          "more unless configured), core (4 or more), casual (1 or more); never: active in the "
          "product on these days, without a success ever. Absent where it is about fewer than "
          "k people, or could be computed."),
      row("usage_at_risk_users", kGauge, "", {"feature", "product_active"}, has_users, at_risk,
          "Users who were regular in the 28 days before, silent for the last 14 days (unless "
          "configured), by whether they were active in the product meanwhile. Absent where it "
          "is about fewer than k people, or could be computed."),
      row("usage_lifecycle_users", kGauge, "", {"feature", "state"}, has_users, lifecycle,
          "Users of the last complete week against the week before: new (first use ever, not "
          "the user's creation), retained (used in both), resurrected (used earlier, not the "
          "week before), dormant (used the week before only)."),
      row("usage_retention_cohort_users", kGauge, "", {"feature", "segment", "window"}, has_users,
          retention_cohort,
          "Users active in the closed period before the window, by whether they used the "
          "feature in that period."),
      row("usage_retention_retained_users", kGauge, "", {"feature", "segment", "window"}, has_users,
          retention_retained,
          "Users of usage_retention_cohort_users who were active in the window too."),
      row("usage_retention_ratio", kGauge, "ratio", {"feature", "segment", "window"}, has_users,
          retention_ratio,
          "Users active in the closed window and in the period before / users active in the "
          "period before, by whether they used the feature in the period before. A comparison, "
          "not a cause: active people use features and stay."),
      row("usage_retention_activity_cohort_users", kGauge, "",
          {"feature", "segment", "activity_days", "window"}, has_users, band_cohort,
          "usage_retention_cohort_users by local days of activity in the first week. Absent "
          "where it is about fewer than k people, or could be computed."),
      row("usage_retention_activity_retained_users", kGauge, "",
          {"feature", "segment", "activity_days", "window"}, has_users, band_retained,
          "usage_retention_retained_users by local days of activity in the first week. Absent "
          "where the cohort is fewer than k people, or could be computed."),
      row("usage_retention_activity_ratio", kGauge, "ratio",
          {"feature", "segment", "activity_days", "window"}, has_users, band_ratio,
          "usage_retention_ratio by local days of activity in the first week, so that equally "
          "active people are compared. Absent where the cohort is fewer than k people, or "
          "could be computed."),
      row("usage_recurring_workflows", kGauge, "", {"feature"}, has_report_types,
          recurring_workflows,
          "Pairs of a user and a value of the dimension report_type with a success in at least "
          "3 of the last 4 complete weeks."),
      row("usage_habitual_groups", kGauge, "", {"feature"}, has_users, habitual_groups,
          "Teams with a success in at least 3 of the last 4 complete weeks."),
      row("usage_habitual_group_ratio", kGauge, "ratio", {"feature"}, has_users,
          habitual_group_ratio,
          "Teams with a success in at least 3 of the last 4 complete weeks / teams active in "
          "these weeks."),
      row("usage_phase_active", kGauge, "", {"feature", "phase"}, always, phase_active,
          "1 while the feature is in this phase of its life, else 0."),
      row("usage_phase_start_timestamp_seconds", kGauge, "seconds", {"feature", "phase"}, always,
          phase_starts, "When the phase of the feature begins."),
      row("usage_phase_end_timestamp_seconds", kGauge, "seconds", {"feature", "phase"}, always,
          phase_ends, "When the phase of the feature ends, not included."),
      row("usage_target_info", kInfo, "",
          {"feature", "target", "phase", "measure", "unit", "comparison", "mode", "severity",
           "owner", "source"},
          kOnce, target_infos,
          "What was promised: \"feature\" is a feature or a combination, \"source\" where its rows "
          "come from."),
      row("usage_target_value", kGauge, "", {"feature", "target"}, kOnce, target_values,
          "The target's measure now. Absent before its start and while it cannot be told."),
      row("usage_target_value_lower_bound", kGauge, "", {"feature", "target"}, kOnce,
          target_lower_bounds,
          "Lower end of the 95 % Wilson interval of usage_target_value, where that is a share "
          "that is to be large: what so few people can tell."),
      row("usage_target_threshold", kGauge, "", {"feature", "target"}, kOnce, target_thresholds,
          "What the measure must reach."),
      row("usage_target_stretch", kGauge, "", {"feature", "target"}, kOnce, target_stretches,
          "What it would be good to reach."),
      row("usage_target_attainment_ratio", kGauge, "ratio", {"feature", "target"}, kOnce,
          target_attainments,
          "usage_target_value / usage_target_threshold, or the other way round where less is "
          "better: 1 is reached."),
      row("usage_target_met", kGauge, "", {"feature", "target"}, kOnce, target_met,
          "1 if the target is met, else 0. Mode sustained: now; by_due: at any local midnight "
          "until "
          "the due date; at_due: now, and from the due date on what was so then."),
      row("usage_target_baseline_value", kGauge, "", {"feature", "target"}, kOnce, target_baselines,
          "Where the measure stood at the start."),
      row("usage_target_start_timestamp_seconds", kGauge, "seconds", {"feature", "target"}, kOnce,
          target_starts, "When the target begins: the launch unless configured."),
      row("usage_target_due_timestamp_seconds", kGauge, "seconds", {"feature", "target"}, kOnce,
          target_dues, "When the target is to be met."),
      row("usage_target_population", kGauge, "", {"feature", "target"}, kOnce, target_populations,
          "Active users in the window of the target's measure, or in the last 28 days."),
      row("usage_target_min_population", kGauge, "", {"feature", "target"}, kOnce,
          target_min_populations, "With fewer active users no alert speaks of the target."),
      row("usage_target_first_met_timestamp_seconds", kGauge, "seconds", {"feature", "target"},
          kOnce, target_first_met,
          "The first local midnight since the start, or the due date, at which the measure had "
          "reached the threshold, whatever came after; computed from the rows that are there now."),
  };
}

// It tells what the others hid.
Measure last_row() {
  return row("usage_suppressed_series", kGauge, "", {"feature"}, always, suppressed_series,
             "Series of breakdowns that are hidden because they are about fewer than k people, or "
             "because the rest would give them away.");
}

std::vector<Measure> all_rows() {
  std::vector<Measure> rows = first_rows();
  const auto business = business_measures();
  rows.insert(rows.end(), business.begin(), business.end());
  const auto tracking = tracking_measures();
  rows.insert(rows.end(), tracking.begin(), tracking.end());
  rows.push_back(last_row());
  return rows;
}

}  // namespace

std::span<const Measure> measures() {
  static const std::vector<Measure> rows = all_rows();
  return rows;
}

}  // namespace usage
