#include "collectors/measures/families/info_measures.h"

namespace usage {

namespace {

void window_starts(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_per_window(context, feature, family,
                 [](const Interval& window) { return unix_seconds(window.from); });
}

void window_ends(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_per_window(context, feature, family,
                 [](const Interval& window) { return unix_seconds(window.to); });
}

void time_zone_info(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_sample(family, {context.rules().zone.name(), "monday"}, 1);
}

void excluded_users(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_sample(family, {}, static_cast<double>(context.excluded().size()));
}

void feature_infos(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  const std::string& title = context.feature_rules(feature).title;
  add_sample(family, {feature, title.empty() ? feature : title}, 1);
}

void launches(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  const auto launched = context.feature_rules(feature).launched_at;
  if (launched) add_sample(family, {feature}, unix_seconds(*launched));
}

constexpr Measure kInfoMeasures[] = {
    row("usage_window_start_timestamp_seconds", kGauge, "seconds", {"window"}, kOnce, window_starts,
        "Start of the window as it was used: the first whole bucket in it."),
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
};

}  // namespace

std::span<const Measure> info_measures() { return kInfoMeasures; }

}  // namespace usage
