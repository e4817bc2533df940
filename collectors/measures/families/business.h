#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collectors/measures/families/measure_functions.h"

// What artifacts, ratings, tickets, accounts and money say, of DEFINITIONS §1.2 and §1.7; like
// families.h. Everything here is of no single feature's uses: the rules say what there is.
namespace usage {

// An instant on a bucket edge: the launch that baselines lie before. Nothing if there was none.
std::optional<Instant> business_launch(const EvaluationContext& context);

// Whether a table that begins with this bucket tells of an interval that begins at `from`: a first
// week without a row is no gap.
bool reaches_back(std::optional<Instant> first_bucket, Instant from);

// When anybody was active first, in the product or in a feature.
std::optional<Instant> first_activity(const Facts& facts);

// Tickets of a category, or of all that are watched if it is empty.
std::optional<double> ticket_baseline_per_week(EvaluationContext& context,
                                               const std::string& category);
std::optional<double> ticket_reduction(EvaluationContext& context, const std::string& category);
std::uint64_t watched_tickets(EvaluationContext& context, const Interval& interval);

struct Score {
  double sum = 0;  // from 0 to 10 each
  std::uint64_t ratings = 0;
};
// Latest ratings of the people who count; of a combination, those of its features. Nothing where
// there are fewer than RatingRules::min_count.
std::optional<Score> rating_score(EvaluationContext& context, const std::string& subject);

// Accounts active in two periods in a row / in the first; and what that was before the launch.
std::optional<Share> account_retention(EvaluationContext& context);
std::optional<double> account_retention_baseline(EvaluationContext& context);
std::optional<double> account_retention_gain(
    EvaluationContext& context);  // the first less the second

// Artifacts that matured in the window and were opened before / that matured in the window.
std::optional<Share> access_share(EvaluationContext& context, const std::string& feature,
                                  const Interval& window);

// Value since the launch / what was invested until now.
std::optional<double> payback(EvaluationContext& context);

// artifacts.cc
Evaluate artifacts, mature_artifacts, opened_artifacts, access_ratio, external_access_ratio,
    access_mean, access_median, accesses_total, accesses, viewers, collaboration_change, ttl_mean,
    without_expiry, approximate_access_ratio, approximate_accesses_total;
// ratings.cc
Evaluate rating_scores, ratings, ratings_total;
// tickets.cc
Evaluate tickets, ticket_baselines, ticket_reductions, feedback_total;
// accounts.cc
Evaluate account_retention_cohort, account_retention_retained, account_retention_ratio,
    account_retention_baseline_ratio, account_retention_change;
// value.cc
Evaluate seconds_per_use, stream_uses, time_saved, time_saved_per_user, value_amounts, investment,
    payback_ratio, roi_ratio, break_even;
// capacity.cc
Evaluate capacity_infos, capacity_used, capacity_limit, growth_ratio, releases;

}  // namespace usage
