#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectors/measures/families/measure.h"

namespace usage {

// How often people use a feature, and who stops.
std::span<const Measure> engagement_measures();

// The members of at least `least` of the sets. Nobody if `least` is not positive.
IdSet in_at_least(int least, std::span<const IdSet> sets);

// Users with a success in enough (FeatureRules::regular_min_periods) of the `of_periods` periods
// that end `ago` before now.
IdSet regular_users(EvaluationContext& context, const std::string& feature, int of_periods,
                    Duration ago);

// When somebody could be a regular at the earliest.
std::optional<Instant> first_regular_at(const EvaluationContext& context,
                                        const std::string& feature);

}  // namespace usage
