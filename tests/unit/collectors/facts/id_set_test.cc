#include "collectors/facts/id_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>

#include "collectors/facts/codec.h"
#include "exporter/base/error.h"
#include "tests/support/facts_fixture.h"

namespace usage {
namespace {

using testing::Dice;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Model = std::set<UserId>;

// Every kind of container: sparse, dense, runs, and beyond the first 65,536.
Model random_model(Dice& dice) {
  Model model;
  const std::uint64_t range = std::uint64_t{1} << (4 + dice.below(16));
  const std::uint64_t count = dice.below(6000);
  for (std::uint64_t i = 0; i < count; ++i) model.insert(static_cast<UserId>(dice.below(range)));
  const std::uint64_t run = dice.below(2) * dice.below(5000);
  const auto start = static_cast<UserId>(dice.below(100'000));
  for (UserId id = 0; id < run; ++id) model.insert(start + id);
  return model;
}

IdSet set_of(const Model& model) {
  IdSet set;
  for (const UserId id : model) set.add(id);
  return set;
}

Model model_of(const IdSet& set) {
  Model model;
  set.for_each([&](UserId id) { model.insert(model.end(), id); });
  return model;
}

template <typename Combine>
Model combined(const Model& a, const Model& b, Combine combine) {
  Model result;
  combine(a.begin(), a.end(), b.begin(), b.end(), std::inserter(result, result.end()));
  return result;
}

#define COMBINE(algorithm) combined(a, b, [](auto... arguments) { std::algorithm(arguments...); })

TEST(IdSet, IsASet) {
  IdSet set;
  EXPECT_TRUE(set.empty());
  EXPECT_FALSE(set.contains(3));
  EXPECT_TRUE(set.add(3));
  EXPECT_FALSE(set.add(3));
  EXPECT_TRUE(set.add(std::numeric_limits<UserId>::max()));
  EXPECT_THAT(set.ids(), ElementsAre(3, std::numeric_limits<UserId>::max()));
  set.remove(3);
  set.remove(4);
  EXPECT_EQ(set.size(), 1);
  set.remove(std::numeric_limits<UserId>::max());
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(set, IdSet());
  EXPECT_EQ(IdSet(), set);
}

TEST(IdSet, CopiesAreIndependent) {
  IdSet a = IdSet::of(std::vector<UserId>{5, 1, 5});
  IdSet b = a;
  b.add(2);
  EXPECT_THAT(a.ids(), ElementsAre(1, 5));
  EXPECT_THAT(b.ids(), ElementsAre(1, 2, 5));
  a = b;
  b.remove(1);
  EXPECT_THAT(a.ids(), ElementsAre(1, 2, 5));
  const IdSet moved = std::move(a);
  EXPECT_EQ(moved.size(), 3);
}

TEST(IdSet, AlgebraIsThatOfSets) {
  Dice dice(1);
  for (int round = 0; round < 60; ++round) {
    const Model a = random_model(dice);
    const Model b = random_model(dice);
    IdSet x = set_of(a);
    IdSet y = set_of(b);
    if (dice.chance(50)) x.compact();
    if (dice.chance(50)) y.compact();
    EXPECT_EQ(model_of(x | y), COMBINE(set_union));
    EXPECT_EQ(model_of(x & y), COMBINE(set_intersection));
    EXPECT_EQ(model_of(x - y), COMBINE(set_difference));
    IdSet either = x;
    either ^= y;
    EXPECT_EQ(model_of(either), COMBINE(set_symmetric_difference));
    EXPECT_EQ(common(x, y), COMBINE(set_intersection).size());
    EXPECT_EQ(x.size(), a.size());
    EXPECT_EQ(x == y, a == b);
    EXPECT_EQ(model_of(x), a);
  }
}

TEST(IdSet, CombinesWithItselfAndWithNothing) {
  IdSet set = IdSet::of(std::vector<UserId>{1, 2});
  EXPECT_EQ(set | set, set);
  EXPECT_EQ(set & set, set);
  EXPECT_EQ(set - IdSet(), set);
  EXPECT_EQ(IdSet() | set, set);
  EXPECT_TRUE((set & IdSet()).empty());
  EXPECT_TRUE((IdSet() - set).empty());
  const IdSet& same = set;
  IdSet other = set;
  other -= other;
  EXPECT_TRUE(other.empty());
  set ^= same;
  EXPECT_TRUE(set.empty());
}

TEST(IdSet, SurvivesWriting) {
  Dice dice(2);
  for (int round = 0; round < 40; ++round) {
    const IdSet set = set_of(random_model(dice));
    EXPECT_EQ(IdSet::parse(set.serialize()), set);
    IdSet part;
    set.for_each([&](UserId id) {
      if (dice.chance(10 + 80 * (round % 2))) part.add(id);
    });
    std::string bytes;
    codec::put_subset(bytes, part, set);
    EXPECT_LE(bytes.size(), 1 + (set.size() + 7) / 8);
    std::string_view rest = bytes;
    EXPECT_EQ(codec::take_subset(rest, set), part);
    EXPECT_THAT(rest, IsEmpty());
  }
  EXPECT_EQ(IdSet::parse(IdSet().serialize()), IdSet());
}

TEST(IdSet, RefusesBytesThatAreNoSet) {
  const auto reason = [](std::string_view bytes) -> std::optional<Reason> {
    try {
      IdSet::parse(bytes);
    } catch (const Error& error) {
      return error.reason();
    }
    return std::nullopt;
  };
  EXPECT_EQ(reason(""), Reason::data);
  EXPECT_EQ(reason(std::string_view("\x02\x01", 2)), Reason::data);      // a member is missing
  EXPECT_EQ(reason(std::string_view("\x01\x01\x01", 3)), Reason::data);  // one too many
  EXPECT_EQ(reason("\x01\xff\xff\xff\xff\x1f"), Reason::data);           // beyond 32 bits
  EXPECT_EQ(reason(std::string_view("\x02\xff\xff\xff\xff\x0f\x00", 7)), Reason::data);
  EXPECT_EQ(reason("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), Reason::data);  // a huge count
  EXPECT_EQ(reason(std::string_view("\x01\x01", 2)), std::nullopt);
}

TEST(IdSet, RunsAreSmallOnceCompact) {
  IdSet set;
  for (UserId id = 0; id < 60'000; ++id) set.add(id);
  const std::size_t before = set.memory_bytes();
  set.compact();
  EXPECT_LT(set.memory_bytes(), 300);
  EXPECT_GT(before, 8000);
}

}  // namespace
}  // namespace usage
