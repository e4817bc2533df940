#include "collectors/measures/report_figures.h"

#include <array>

namespace usage {

namespace {

constexpr double kHour = 1.0 / 3600;

constexpr std::array kActivity{
    FigureRow{"active_users", "Active people", "usage_active_users"},
    FigureRow{"account_retention", "Accounts that stayed active", "usage_account_retention_ratio",
              Unit::ratio, false},
};

constexpr std::array kValue{
    FigureRow{"time_saved_hours", "Time saved, an estimate", "usage_time_saved_seconds",
              Unit::hours, true, kHour},
    FigureRow{"payback", "Of the investment paid back, an estimate", "usage_payback_ratio",
              Unit::ratio, false},
};

constexpr std::array kFeature{
    FigureRow{"adoption", "Active people who used it", "usage_adoption_ratio", Unit::ratio},
    FigureRow{"users", "People", "usage_feature_users"},
    FigureRow{"uses", "Uses", "usage_uses"},
    FigureRow{"failure_ratio", "Attempts that failed", "usage_failure_ratio", Unit::ratio},
    FigureRow{"time_saved_hours", "Time saved, an estimate", "usage_time_saved_seconds",
              Unit::hours, true, kHour},
    FigureRow{"artifacts", "Shared items made", "usage_artifacts"},
    FigureRow{"accesses", "Accesses", "usage_artifact_accesses"},
    FigureRow{"external_viewers", "Viewers from outside", "usage_artifact_viewers", Unit::count,
              true, 1, "viewer", "external"},
    FigureRow{"external_viewers_change", "Viewers from outside, change on the week before",
              "usage_collaboration_change_ratio", Unit::ratio},
    FigureRow{"access_ratio", "Shared items that were opened", "usage_artifact_access_ratio",
              Unit::ratio},
    FigureRow{"ttl_hours", "Mean lifetime", "usage_artifact_ttl_seconds_mean", Unit::hours, true,
              kHour},
    FigureRow{"without_expiry", "Shared items that never expire", "usage_artifacts_without_expiry"},
    FigureRow{kRatingFigure, "Rating, of 10", "usage_rating_score", Unit::points, false},
    FigureRow{"ratings", "People who rated", "usage_ratings", Unit::count, false},
};

constexpr std::array kCombination{
    FigureRow{"adoption", "Active people who used them", "usage_combination_adoption_ratio",
              Unit::ratio},
    FigureRow{"users", "People", "usage_combination_users"},
    FigureRow{kRatingFigure, "Rating, of 10", "", Unit::points, false},
};

std::vector<std::string> keys_of(std::span<const FigureRow> rows) {
  std::vector<std::string> keys;
  for (const FigureRow& row : rows) keys.emplace_back(row.key);
  return keys;
}

}  // namespace

std::span<const FigureRow> activity_figures() { return kActivity; }
std::span<const FigureRow> value_figures() { return kValue; }
std::span<const FigureRow> feature_figures() { return kFeature; }
std::span<const FigureRow> combination_figures() { return kCombination; }

std::vector<std::string> product_figure_keys() {
  std::vector<std::string> keys = keys_of(kActivity);
  for (std::string& key : keys_of(kValue)) keys.push_back(std::move(key));
  return keys;
}
std::vector<std::string> feature_figure_keys() { return keys_of(kFeature); }
std::vector<std::string> combination_figure_keys() { return keys_of(kCombination); }

}  // namespace usage
