#include "collectors/facts/facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/support/facts_fixture.h"

namespace usage {
namespace {

using std::chrono::days;
using std::chrono::hours;
using testing::Dice;
using ::testing::ElementsAre;

const Instant kStart = Instant(std::chrono::seconds(1'700'006'400));  // a UTC midnight

TEST(Population, CountsThoseWhoAreThere) {
  Population population;
  population.has_users_table = true;
  population.attributes.resize(5);
  for (UserId user = 0; user < 4; ++user) population.attributes[user].known = true;
  population.attributes[1].excluded = true;
  population.attributes[2].eligible = false;
  population.attributes[3].deleted_at = kStart;
  EXPECT_THAT(population.excluded().ids(), ElementsAre(1));
  EXPECT_THAT(population.eligible(kStart).ids(), ElementsAre(0, 3));
  EXPECT_THAT(population.eligible(kStart + hours(1)).ids(), ElementsAre(0));
  population.has_users_table = false;
  EXPECT_THAT(population.eligible(kStart).ids(), ElementsAre(0, 3, 4));
}

TEST(Activity, EqualsANaiveModelAfterAnyHistory) {
  Dice dice(1);
  Activity activity(hours(1));
  std::map<Instant, std::set<UserId>> model;
  for (int step = 0; step < 300; ++step) {
    const Instant from = kStart + hours(dice.below(72));
    const Interval interval{from, from + hours(dice.below(30))};
    std::map<Instant, IdSet> fresh;
    std::uint64_t changed = 0;
    for (Instant at = interval.from; at < interval.to; at += hours(1)) {
      std::set<UserId> users;
      for (std::uint64_t i = dice.below(4); i > 0; --i) {
        users.insert(static_cast<UserId>(dice.below(8)));
      }
      for (const UserId user : users) {
        fresh[at].add(user);
        changed += model[at].contains(user) ? 0 : 1;
      }
      for (const UserId user : model[at]) changed += users.contains(user) ? 0 : 1;
      model[at] = users;
    }
    ASSERT_EQ(activity.replace(interval, std::move(fresh)), changed);
    const Instant begin = kStart + hours(dice.below(60));
    const Interval asked{begin, begin + hours(dice.below(80))};
    IdSet expected;
    for (const auto& [at, users] : model) {
      for (const UserId user : users) {
        if (at >= asked.from && at < asked.to) expected.add(user);
      }
    }
    ASSERT_EQ(activity.users(asked), expected);
  }
  for (const auto& [at, users] : activity.buckets()) EXPECT_FALSE(users.empty());
  Activity other(hours(1));
  other.restore(activity.buckets());
  EXPECT_EQ(other.users({kStart, kStart + days(5)}), activity.users({kStart, kStart + days(5)}));
  other.forget(3);
  EXPECT_FALSE(other.users({kStart, kStart + days(5)}).contains(3));
  EXPECT_TRUE(activity.users({kStart, kStart + days(5)}).contains(3));
}

TEST(Activity, BucketsOutsideOfTheIntervalAreAMistake) {
  Activity activity(hours(1));
  IdSet users;
  users.add(1);
  EXPECT_THROW(activity.replace({kStart, kStart + hours(1)}, {{kStart + hours(1), users}}),
               std::logic_error);
  EXPECT_THROW(
      activity.replace({kStart, kStart + hours(1)}, {{kStart + std::chrono::minutes(1), users}}),
      std::logic_error);
}

}  // namespace
}  // namespace usage
