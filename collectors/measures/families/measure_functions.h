#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectors/measures/context/evaluation_context.h"
#include "exporter/exposition/metric.h"

// The functions that the table in measures.cc names, one .cc per family; what each number means is
// said there. All have the shape of Measure::evaluate.
namespace usage {

void add_sample(MetricFamily& family, std::vector<std::string> labels, double value);

// One sample for every window for which `value` knows one. Labels: the feature unless it is empty,
// then the window.
void add_per_window(EvaluationContext& context, const std::string& feature, MetricFamily& family,
                    const std::function<std::optional<double>(const Interval&)>& value);

struct Share {
  std::uint64_t numerator = 0, denominator = 0;
};

// Absent where the denominator is zero.
std::optional<double> ratio_of(const Share& share);
std::optional<double> ratio_of(std::uint64_t numerator, std::uint64_t denominator);

// As of now what has been counted since ever; as of the past what the buckets held until then.
FeatureCounters counters_of(EvaluationContext& context, const std::string& feature);
// Since when they count.
void set_created(const EvaluationContext& context, const std::string& feature,
                 MetricFamily& family);

// Most successful uses in one UTC hour, without those of excluded users.
std::uint64_t busiest_hour(EvaluationContext& context, const std::string& feature,
                           const Interval& window, const IdSet& excluded);

inline constexpr Duration kTriedSpan = std::chrono::days(28);

// People active in the last kTriedSpan with a success since the launch; nothing before it: there
// was nothing to try. The subject is a feature or a combination.
std::optional<IdSet> tried(EvaluationContext& context, const std::string& subject);

// People active in the last regular_span with a success in enough of its periods; nothing before
// anybody can have had that many.
std::optional<IdSet> regular(EvaluationContext& context, const std::string& subject);
Duration regular_span(const EvaluationContext& context, const std::string& subject);

// Teams with a habit / active teams; nothing where nobody has a team.
std::optional<Share> habitual_share(EvaluationContext& context, const std::string& subject);

// Users with an early first success / users who had the time for one.
Share activation_share(EvaluationContext& context, const std::string& feature);

// Those in at least `least` of the sets.
IdSet in_at_least(int least, std::span<const IdSet> sets);

// Those who used the feature in enough of the periods (FeatureRules::regular_…) that end `ago`
// before now.
IdSet regular_users(EvaluationContext& context, const std::string& feature, int of_periods,
                    Duration ago);

// When somebody could be a regular at the earliest.
std::optional<Instant> first_regular_at(const EvaluationContext& context,
                                        const std::string& feature);

// By the number of the last 28 complete local days with a use: [0] is unused, [28] every day.
const std::vector<IdSet>& users_by_active_days(EvaluationContext& context,
                                               const std::string& feature);

// Of an even number the mean of the two in the middle; nothing of none.
std::optional<double> median_of(std::vector<double> numbers);

using Evaluate = void(EvaluationContext&, const std::string& feature, MetricFamily&);

// about.cc
Evaluate window_starts, window_ends, time_zone_info, excluded_users, feature_infos, launches,
    suppressed_series;
// counters.cc
Evaluate uses_total, attempts_total, failures_total, dimension_uses_total, unattributed_total,
    operation_duration, payload_bytes;
// volume.cc
Evaluate uses, attempts, failures, failure_ratio, uses_per_day, scopes, peak_hour;
// dimensions.cc
Evaluate dimension_uses, dimension_users, dimension_other_ratio;
// adoption.cc
Evaluate feature_users, active_users, adoption_ratio, tried_users, tried_ratio, regular_users_now,
    regular_ratio, combination_users, combination_ratio, first_use_median, activation_ratio;
// engagement.cc
Evaluate stickiness, product_stickiness, active_days, segments, at_risk;
// retention.cc
Evaluate lifecycle, retention_cohort, retention_retained, retention_ratio, band_cohort,
    band_retained, band_ratio;
// habits.cc
Evaluate recurring_workflows, habitual_groups, habitual_group_ratio;

// target_series.cc
Evaluate target_infos, target_values, target_lower_bounds, target_thresholds, target_stretches,
    target_attainments, target_met, target_baselines, target_starts, target_dues,
    target_populations, target_min_populations, target_first_met, phase_active, phase_starts,
    phase_ends;

}  // namespace usage
