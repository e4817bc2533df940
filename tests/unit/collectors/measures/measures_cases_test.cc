// The traps of usage numbers, one by one, on facts written by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/measures/context/privacy.h"
#include "collectors/measures/evaluate.h"
#include "collectors/measures/measures.h"
#include "exporter/base/timestamps.h"
#include "tests/support/measure_reference.h"

namespace usage {
namespace {

using reference::Series;
using std::chrono::days;
using std::chrono::hours;
using testing::ElementsAre;
using testing::IsEmpty;

Instant instant(const char* text) { return parse_rfc3339(text).value(); }

class MeasuresCases : public testing::Test {
 protected:
  MeasuresCases() {
    world_.has_users_table = false;
    FeatureShape shape;
    shape.name = "export";
    shape.has_users = shape.has_outcome = true;
    shape.dimensions = {"format"};
    world_.shapes["export"] = shape;
    world_.rows["export"] = {};
    rules_.windows = {{.label = "7d", .rolling = days(7)}};
    rules_.features["export"].dimensions = {{.allow = {"csv", "png", "pdf"}, .allow_top = {}}};
    rules_.k_anonymity = 0;
  }

  void use(const std::string& user, const char* time, const std::string& format = "csv") {
    reference::Row row;
    row.time = instant(time);
    row.user = user;
    row.dimensions = {format};
    world_.rows["export"].push_back(row);
  }
  void visit(const std::string& user, const char* time) {
    world_.visits.push_back({user, instant(time)});
  }
  void weekly_window() { rules_.windows = {{.label = "last_week", .rolling = {}, .offset = -1}}; }

  Evaluation evaluate_at(const char* time) {
    return evaluate(reference::read(world_), rules_, instant(time), false, {"export"}, true);
  }
  Series at(const char* time) { return reference::series_of(evaluate_at(time).metrics); }

  reference::World world_;
  UsageRules rules_;
};

TEST_F(MeasuresCases, AFeatureIsCalledByItsTitleAndAResourceHasAUnit) {
  rules_.features["export"].title = "Report export";
  rules_.capacities = {{"hourly", "export", CapacityMeasure::peak_hourly_uses, 60},
                       {"daily", "export", CapacityMeasure::uses_per_day, 100},
                       {"disk", "export", CapacityMeasure::stored_bytes, 1e9}};
  const Series series = at("2026-11-25T00:00:00Z");
  for (const char* named : {"usage_feature_info|export|Report export",
                            "usage_capacity_info|hourly|export|peak_hourly_uses|uses per hour",
                            "usage_capacity_info|daily|export|uses_per_day|uses per day",
                            "usage_capacity_info|disk|export|stored_bytes|bytes"}) {
    EXPECT_EQ(series.count(named), 1U) << named;
  }
}

TEST_F(MeasuresCases, AUseWithoutAVisitMakesItsUserActiveSoThatNoRatioExceedsOne) {
  visit("a", "2026-11-24T10:00:00Z");
  use("b", "2026-11-24T10:00:00Z");
  use("c", "2026-11-24T10:00:00Z");
  const Series series = at("2026-11-25T00:00:00Z");
  EXPECT_EQ(series.at("usage_active_users|7d"), 3);
  EXPECT_DOUBLE_EQ(series.at("usage_adoption_ratio|export|7d"), 2.0 / 3);
}

TEST_F(MeasuresCases, WhoeverUsesTheFeatureEveryDayIsStillOneUser) {
  for (const char* day : {"2026-11-19T10:00:00Z", "2026-11-20T10:00:00Z", "2026-11-23T10:00:00Z"}) {
    use("a", day);
  }
  EXPECT_EQ(at("2026-11-25T00:00:00Z").at("usage_feature_users|export|7d"), 1);
}

TEST_F(MeasuresCases, AZeroDenominatorLeavesTheRatioOutAndTheCountsIn) {
  const Series series = at("2026-11-25T00:00:00Z");
  EXPECT_EQ(series.at("usage_active_users|7d"), 0);
  EXPECT_EQ(series.at("usage_feature_users|export|7d"), 0);
  EXPECT_EQ(series.at("usage_uses|export|7d"), 0);
  for (const auto& [key, value] : series) {
    EXPECT_EQ(key.find("_ratio"), std::string::npos) << key;
    EXPECT_FALSE(value != value) << key << " is no number";
  }
}

TEST_F(MeasuresCases, AWeekThatHasNotEndedIsNotJudged) {
  weekly_window();
  use("a", "2026-11-10T10:00:00Z");
  use("a", "2026-11-17T10:00:00Z");
  // Sunday, 23:00: the week of the 16th has not ended; the last complete one is that of the 9th.
  const Series before = at("2026-11-22T23:00:00Z");
  EXPECT_EQ(before.at("usage_lifecycle_users|export|new"), 1);
  EXPECT_EQ(before.at("usage_lifecycle_users|export|retained"), 0);
  const Series after = at("2026-11-23T00:00:00Z");
  EXPECT_EQ(after.at("usage_lifecycle_users|export|new"), 0);
  EXPECT_EQ(after.at("usage_lifecycle_users|export|retained"), 1);
  EXPECT_EQ(after.at("usage_retention_ratio|export|user|last_week"), 1);
}

TEST_F(MeasuresCases, ADayOf25HoursIsOneDayAndOneOf23TooAndTodayIsNone) {
  rules_.zone = TimeZone("Europe/Berlin");
  use("a", "2026-10-24T22:30:00Z");  // 00:30 on the 25th
  use("a", "2026-10-25T22:30:00Z");  // 23:30 on the 25th, 24 hours later
  use("b", "2026-10-25T22:30:00Z");  // the 25th
  use("b", "2026-10-25T23:30:00Z");  // the 26th
  use("c", "2026-10-27T10:00:00Z");  // today
  const Series series = at("2026-10-27T12:00:00Z");
  EXPECT_EQ(series.at("usage_l28_users|export|1"), 1);
  EXPECT_EQ(series.at("usage_l28_users|export|2"), 1);
}

TEST_F(MeasuresCases, WhoBecomesAUserLaterIsNoUserOfTheFirstWeek) {
  weekly_window();
  visit("stays", "2026-11-10T10:00:00Z");
  visit("leaves", "2026-11-10T10:00:00Z");
  use("stays", "2026-11-17T10:00:00Z");  // only the second week: must not count as a retained user
  const Series series = at("2026-11-25T00:00:00Z");
  EXPECT_EQ(series.at("usage_retention_cohort_users|export|user|last_week"), 0);
  EXPECT_FALSE(series.contains("usage_retention_ratio|export|user|last_week"));
  EXPECT_EQ(series.at("usage_retention_ratio|export|non_user|last_week"), 0.5);
}

TEST_F(MeasuresCases, RegularUseCannotBeKnownBeforeTwoWeeks) {
  rules_.features["export"].launched_at = instant("2026-11-01T00:00:00Z");
  use("a", "2026-11-02T10:00:00Z");
  use("a", "2026-11-12T10:00:00Z");
  EXPECT_FALSE(at("2026-11-14T23:00:00Z").contains("usage_adoption_regular_ratio|export"));
  EXPECT_EQ(at("2026-11-15T00:00:00Z").at("usage_adoption_regular_ratio|export"), 1);
}

TEST_F(MeasuresCases, NewMeansFirstUseEverAndNotANewAccount) {
  weekly_window();
  world_.has_users_table = true;
  world_.people = {{.id = "veteran",
                    .created_at = instant("2020-01-01T00:00:00Z"),
                    .deleted_at = {},
                    .team = {}},
                   {.id = "back", .created_at = {}, .deleted_at = {}, .team = {}}};
  use("veteran", "2026-11-17T10:00:00Z");
  use("back", "2026-10-01T10:00:00Z");
  use("back", "2026-11-17T10:00:00Z");
  const Series series = at("2026-11-25T00:00:00Z");
  EXPECT_EQ(series.at("usage_lifecycle_users|export|new"), 1);
  EXPECT_EQ(series.at("usage_lifecycle_users|export|resurrected"), 1);
}

TEST_F(MeasuresCases, SilentRegularsAreSplitByWhetherTheyAreStillThere) {
  for (const char* user : {"gone", "here"}) {
    use(user, "2026-10-20T10:00:00Z");
    use(user, "2026-10-28T10:00:00Z");
    use(user, "2026-11-05T10:00:00Z");
  }
  visit("here", "2026-11-24T10:00:00Z");
  const Series series = at("2026-11-25T00:00:00Z");
  EXPECT_EQ(series.at("usage_at_risk_users|export|true"), 1);
  EXPECT_EQ(series.at("usage_at_risk_users|export|false"), 1);
}

TEST_F(MeasuresCases, UsesOfNobodyAreUsesButNotUsers) {
  use("a", "2026-11-24T10:00:00Z");
  use("b", "2026-11-24T10:00:00Z");
  world_.rows["export"].back().user = std::nullopt;
  const Series series = at("2026-11-25T00:00:00Z");
  EXPECT_EQ(series.at("usage_uses|export|7d"), 2);
  EXPECT_EQ(series.at("usage_feature_users|export|7d"), 1);
  EXPECT_EQ(series.at("usage_unattributed_events_total|export"), 1);
}

TEST_F(MeasuresCases, ExcludedPeopleLeaveTheWindowsButNotTheCounters) {
  world_.people = {
      {.id = "tester", .excluded = true, .created_at = {}, .deleted_at = {}, .team = {}}};
  use("tester", "2026-11-24T10:00:00Z");
  use("a", "2026-11-24T10:00:00Z");
  const Series series = at("2026-11-25T00:00:00Z");
  EXPECT_EQ(series.at("usage_uses|export|7d"), 1);
  EXPECT_EQ(series.at("usage_active_users|7d"), 1);
  EXPECT_EQ(series.at("usage_uses_total|export"), 2);
  EXPECT_EQ(series.at("usage_excluded_users"), 1);
}

TEST_F(MeasuresCases, OneHiddenValueCannotBeHadBackFromTheTotal) {
  rules_.k_anonymity = 3;
  for (const char* user : {"a", "b", "c", "d", "e"}) use(user, "2026-11-24T10:00:00Z", "csv");
  for (const char* user : {"a", "b", "c", "d"}) use(user, "2026-11-24T10:00:00Z", "pdf");
  use("a", "2026-11-24T10:00:00Z", "png");
  const Evaluation evaluation = evaluate_at("2026-11-25T00:00:00Z");
  const Series series = reference::series_of(evaluation.metrics);
  EXPECT_EQ(series.at("usage_dimension_users|export|format|csv|7d"), 5);
  EXPECT_FALSE(series.contains("usage_dimension_users|export|format|png|7d"));
  EXPECT_FALSE(series.contains("usage_dimension_users|export|format|pdf|7d"));
  EXPECT_FALSE(series.contains("usage_dimension_uses|export|format|png|7d"));
  EXPECT_EQ(series.at("usage_dimension_users|export|format|other|7d"), 0);
  EXPECT_EQ(series.at("usage_feature_users|export|7d"), 5);
  EXPECT_GE(evaluation.suppressed_series, 4U);
  EXPECT_EQ(series.at("usage_suppressed_series|export"),
            static_cast<double>(evaluation.suppressed_series));
}

TEST_F(MeasuresCases, TheSeriesBudgetDropsTheRestAndCountsIt) {
  use("a", "2026-11-24T10:00:00Z");
  const Evaluation all = evaluate_at("2026-11-25T00:00:00Z");
  rules_.max_series = 10;
  const Evaluation some = evaluate_at("2026-11-25T00:00:00Z");
  EXPECT_EQ(series_count(some.metrics), 10U);
  EXPECT_EQ(some.dropped_series, series_count(all.metrics) - 10);
}

TEST_F(MeasuresCases, AFeatureBeforeItsLaunchHasNoAdoption) {
  rules_.features["export"].launched_at = instant("2027-01-01T00:00:00Z");
  visit("a", "2026-11-24T10:00:00Z");
  const Series series = at("2026-11-25T00:00:00Z");
  EXPECT_FALSE(series.contains("usage_adoption_tried_ratio|export"));
  EXPECT_FALSE(series.contains("usage_activation_ratio|export"));
  EXPECT_EQ(series.at("usage_adoption_ratio|export|7d"), 0);
}

TEST_F(MeasuresCases, OnlyTheAskedFeaturesAndNothingOfTheProduct) {
  use("a", "2026-11-24T10:00:00Z");
  const Facts facts = reference::read(world_);
  const Instant now = instant("2026-11-25T00:00:00Z");
  EXPECT_THAT(evaluate(facts, rules_, now, true, {}, false).metrics, IsEmpty());
  for (const auto& [key, value] :
       reference::series_of(evaluate(facts, rules_, now, true, {}, true).metrics)) {
    EXPECT_EQ(key.find("export"), std::string::npos) << key;
  }
}

IdSet people(UserId from, UserId count) {
  IdSet set;
  for (UserId id = from; id < from + count; ++id) set.add(id);
  return set;
}

std::vector<bool> hidden(std::vector<IdSet> cells, std::uint64_t k) {
  return hidden_cells(cells, k);
}

TEST(HiddenCells, NothingIsHiddenWhereNothingIsSmall) {
  EXPECT_THAT(hidden({people(0, 5), {}, people(5, 9)}, 5), ElementsAre(false, false, false));
}

TEST(HiddenCells, ASingleSmallCellTakesTheNextSmallestWithIt) {
  EXPECT_THAT(hidden({people(0, 9), people(9, 4), people(13, 6)}, 5),
              ElementsAre(false, true, true));
}

TEST(HiddenCells, TwoSmallCellsThatHoldTooFewTogetherTakeAnother) {
  EXPECT_THAT(hidden({people(0, 9), people(9, 1), people(10, 2), people(12, 7)}, 5),
              ElementsAre(false, true, true, true));
  EXPECT_THAT(hidden({people(0, 9), people(9, 3), people(12, 3)}, 5),
              ElementsAre(false, true, true));
}

TEST(HiddenCells, TheSamePeopleInTwoCellsAreCountedOnce) {
  EXPECT_THAT(hidden({people(0, 9), people(0, 3), people(0, 3)}, 5), ElementsAre(true, true, true));
}

TEST(HiddenCells, AnEmptyCellIsHiddenOnlyWhereNothingElseCouldHideTheOne) {
  EXPECT_THAT(hidden({people(0, 3), {}, {}}, 5), ElementsAre(true, true, false));
}

}  // namespace
}  // namespace usage
