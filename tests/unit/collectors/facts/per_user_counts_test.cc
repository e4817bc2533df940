#include "collectors/facts/per_user_counts.h"

#include <gtest/gtest.h>

#include <map>

#include "exporter/base/error.h"
#include "tests/support/facts_fixture.h"

namespace usage {
namespace {

using testing::Dice;

struct Model {
  std::map<UserId, std::uint64_t> times;
  std::uint64_t unattributed = 0;

  void add(std::optional<UserId> user, std::uint64_t more = 1) {
    (user ? times[*user] : unattributed) += more;
  }
  void merge(const Model& other) {
    for (const auto& [user, more] : other.times) times[user] += more;
    unattributed += other.unattributed;
  }
  std::uint64_t total_without(const IdSet& excluded) const {
    std::uint64_t total = unattributed;
    for (const auto& [user, count] : times) total += excluded.contains(user) ? 0 : count;
    return total;
  }
};

void expect_same(const PerUserCounts& tally, const Model& model, const IdSet& excluded) {
  IdSet users;
  for (const auto& [user, count] : model.times) {
    users.add(user);
    ASSERT_EQ(tally.times(user), count) << user;
  }
  ASSERT_EQ(tally.users(), users);
  ASSERT_EQ(tally.total(), model.total_without({}));
  ASSERT_EQ(tally.total_without(excluded), model.total_without(excluded));
  ASSERT_EQ(tally.unattributed(), model.unattributed);
  ASSERT_EQ(tally.empty(), tally.total() == 0);
}

TEST(PerUserCounts, CountsAnyOrderOfAddingAndMerging) {
  Dice dice(3);
  for (int round = 0; round < 30; ++round) {
    std::vector<PerUserCounts> tallies(4);
    std::vector<Model> models(4);
    const std::uint64_t people = 1 + dice.below(300);
    IdSet excluded;
    for (int i = 0; i < 20; ++i) excluded.add(static_cast<UserId>(dice.below(people)));
    for (int step = 0; step < 60; ++step) {
      const std::size_t i = dice.below(tallies.size());
      switch (dice.below(5)) {
        case 0: {
          const std::size_t other = dice.below(tallies.size());
          const Model copy = models[other];
          tallies[i].merge(tallies[other]);
          models[i].merge(copy);
          break;
        }
        case 1:
          tallies[i].compact();
          break;
        case 2: {
          const auto user = static_cast<UserId>(dice.below(people));
          const std::uint64_t times = dice.below(5000);
          tallies[i].add(user, times);
          if (times > 0) models[i].add(user, times);
          break;
        }
        default:
          for (std::uint64_t row = dice.below(2500); row > 0; --row) {
            std::optional<UserId> user;
            if (!dice.chance(5)) user = static_cast<UserId>(dice.below(people));
            tallies[i].add(user);
            models[i].add(user);
          }
      }
      if (dice.chance(20)) expect_same(tallies[i], models[i], excluded);
    }
    for (std::size_t i = 0; i < tallies.size(); ++i) {
      expect_same(tallies[i], models[i], excluded);
      std::string bytes;
      tallies[i].serialize(bytes);
      bytes += "more";
      std::string_view rest = bytes;
      const PerUserCounts read = PerUserCounts::parse(rest);
      EXPECT_EQ(rest, "more");
      EXPECT_EQ(read, tallies[i]);
      expect_same(read, models[i], excluded);
    }
  }
}

TEST(PerUserCounts, MergesWithItself) {
  PerUserCounts tally;
  tally.add(1);
  tally.add(1);
  tally.add(std::nullopt);
  tally.merge(tally);
  EXPECT_EQ(tally.times(1), 4);
  EXPECT_EQ(tally.unattributed(), 2);
}

TEST(PerUserCounts, CopiesAreIndependent) {
  PerUserCounts tally;
  tally.add(1);
  PerUserCounts copy = tally;
  copy.add(2);
  copy.add(1);
  EXPECT_EQ(tally.total(), 1);
  EXPECT_EQ(tally.times(1), 1);
  EXPECT_EQ(copy.total(), 3);
}

TEST(PerUserCounts, EqualityIsOfWhatItCounts) {
  PerUserCounts a;
  PerUserCounts b;
  for (const UserId user : {5U, 3U, 5U}) a.add(user);
  b.add(5, 2);
  EXPECT_NE(a, b);
  b.add(3);
  EXPECT_EQ(a, b);
  a.add(std::nullopt);
  EXPECT_NE(a, b);
  PerUserCounts c;
  c.add(3, 2);
  c.add(5);
  c.add(std::nullopt);
  EXPECT_EQ(a.total(), c.total());
  EXPECT_NE(a, c);
}

TEST(PerUserCounts, WritesRanksWithinALargerSet) {
  IdSet all;
  PerUserCounts tally;
  for (UserId id = 0; id < 3000; ++id) {
    all.add(id * 40);
    if (id % 3 == 0) tally.add(id * 40, 1 + id % 4);
  }
  std::string alone;
  std::string within;
  tally.serialize(alone);
  tally.serialize(within, &all);
  EXPECT_LT(within.size(), alone.size() * 2 / 3);
  std::string_view rest = within;
  EXPECT_EQ(PerUserCounts::parse(rest, &all), tally);

  tally.add(7);  // not in `all`
  within.clear();
  tally.serialize(within, &all);
  rest = within;
  EXPECT_EQ(PerUserCounts::parse(rest, &all), tally);
}

TEST(PerUserCounts, ForgetsAUserAndKeepsTheirRows) {
  PerUserCounts tally;
  tally.add(1, 9);
  tally.add(2, 2);
  tally.add(std::nullopt);
  tally.forget(1);
  tally.forget(77);
  EXPECT_EQ(tally.total(), 12);
  EXPECT_EQ(tally.unattributed(), 10);
  EXPECT_FALSE(tally.users().contains(1));
  PerUserCounts other;
  other.add(2, 2);
  other.add(std::nullopt, 10);
  EXPECT_EQ(tally, other);
}

TEST(PerUserCounts, IsSmall) {
  PerUserCounts tally;
  for (UserId id = 0; id < 2000; ++id) tally.add(id * 25, 1 + (id % 8 == 0));
  tally.compact();
  EXPECT_LT(tally.memory_bytes(), 5500);  // two bytes a member of a set
}

}  // namespace
}  // namespace usage
