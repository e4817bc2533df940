#include "collectors/facts/feature_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "tests/support/facts_fixture.h"
#include "tests/support/sanitizers.h"

namespace usage {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using testing::buckets_of;
using testing::Dice;
using testing::full_shape;
using testing::random_row;
using testing::Row;
using Rows = std::vector<Row>;

const Instant kStart = Instant(std::chrono::seconds(1'700'006'400));  // a UTC midnight

// The counters as their definition says, from the rows of one bucket before and after.
struct NaiveCounters {
  std::uint64_t uses = 0, failures = 0, unattributed = 0;
  std::map<std::string, std::uint64_t> reasons, formats, types;
  std::vector<std::uint64_t> durations = std::vector<std::uint64_t>(4);
  double duration_sum = 0;

  static NaiveCounters of(const Rows& rows) {
    NaiveCounters all;
    for (const Row& row : rows) {
      all.unattributed += row.user ? 0 : 1;
      if (!row.success) {
        ++all.failures;
        const bool known = row.reason == "timeout" || row.reason == "quota";
        ++all.reasons[known ? row.reason : "other"];
        continue;
      }
      ++all.uses;
      ++all.formats[row.dimensions[0]];
      ++all.types[row.dimensions[1]];
      if (row.duration) {
        const double d = *row.duration;
        ++all.durations[d <= 1 ? 0 : d <= 5 ? 1 : d <= 10 ? 2 : 3];
        all.duration_sum += d;
      }
    }
    return all;
  }
  static std::uint64_t more(std::uint64_t before, std::uint64_t after) {
    return after > before ? after - before : 0;
  }
  static void rise(std::map<std::string, std::uint64_t>& counters,
                   std::map<std::string, std::uint64_t> before,
                   const std::map<std::string, std::uint64_t>& after) {
    for (const auto& [key, count] : after) {
      if (count > before[key]) counters[key] += count - before[key];
    }
  }
  void rise(const Rows& rows_before, const Rows& rows_after) {
    const NaiveCounters before = of(rows_before);
    const NaiveCounters after = of(rows_after);
    uses += more(before.uses, after.uses);
    failures += more(before.failures, after.failures);
    unattributed += more(before.unattributed, after.unattributed);
    rise(reasons, before.reasons, after.reasons);
    rise(formats, before.formats, after.formats);
    rise(types, before.types, after.types);
    for (std::size_t i = 0; i < durations.size(); ++i) {
      durations[i] += more(before.durations[i], after.durations[i]);
    }
    duration_sum += std::max(0.0, after.duration_sum - before.duration_sum);
  }
};

Rows within(const Rows& rows, const Interval& interval) {
  Rows found;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(found),
               [&](const Row& row) { return row.time >= interval.from && row.time < interval.to; });
  return found;
}

class FeatureFactsTest : public ::testing::Test {
 protected:
  FeatureFacts::Change read(const Rows& table, const Interval& interval) {
    return facts_.replace(interval, buckets_of(table, interval, facts_, users_));
  }
  // Twice in a row with the same excluded users, mostly.
  void expect_done(const Interval& asked, const Bucket& expected, Dice& dice) {
    if (dice.below(4) == 0) excluded_.add(static_cast<UserId>(dice.below(users_.size())));
    const UsageSummary wanted(expected, excluded_);
    const auto done = facts_.summary(asked, excluded_);
    ASSERT_EQ(done->uses, wanted.uses);
    ASSERT_EQ(done->failures, wanted.failures);
    ASSERT_EQ(done->scopes, wanted.scopes);
    for (std::size_t d = 0; d < wanted.dimensions.size(); ++d) {
      ASSERT_EQ(done->dimensions[d].size(), wanted.dimensions[d].size());
      for (const auto& [value, cell] : wanted.dimensions[d]) {
        ASSERT_EQ(done->dimensions[d].at(value).uses, cell.uses);
        ASSERT_EQ(done->dimensions[d].at(value).users, cell.users);
      }
    }
  }

  Bucket naive_sum(const Rows& rows) {
    Bucket bucket(facts_.shape());
    for (const Row& row : rows) testing::add(bucket, row, facts_.shape(), users_, facts_.names());
    return bucket;
  }
  void expect_counters(const NaiveCounters& naive) {
    const FeatureCounters& counters = facts_.counters();
    ASSERT_EQ(counters.uses, naive.uses);
    ASSERT_EQ(counters.failures, naive.failures);
    ASSERT_EQ(counters.unattributed, naive.unattributed);
    const auto value = [&](std::map<std::string, std::uint64_t> held, const std::string& key) {
      return held[key];
    };
    ASSERT_THAT(counters.failures_by_reason, ::testing::ElementsAre(value(naive.reasons, "timeout"),
                                                                    value(naive.reasons, "quota"),
                                                                    value(naive.reasons, "other")));
    for (std::size_t i = 0; i < 2; ++i) {
      std::map<std::string, std::uint64_t> held;
      for (const auto& [id, count] : counters.dimensions[i]) {
        held[std::string(facts_.names().dimensions[i].text(id))] = count;
      }
      ASSERT_EQ(held, i == 0 ? naive.formats : naive.types);
    }
    ASSERT_EQ(counters.duration.counts, naive.durations);
    ASSERT_EQ(counters.duration.sum, naive.duration_sum);
  }

  IdMap users_;
  FeatureFacts facts_{full_shape(), hours(1)};
  IdSet excluded_;
};

// Rows that come, come late, change and go; any part of the history is re-read at any time.
TEST_F(FeatureFactsTest, EqualsANaiveModelAfterAnyHistory) {
  constexpr int kDays = 4;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    facts_ = FeatureFacts(full_shape(), seed % 2 == 0 ? Duration(hours(1)) : Duration(minutes(15)));
    const Duration width = facts_.bucket_width();
    Dice dice(seed);
    Rows table;
    std::map<Instant, Rows> seen;  // by bucket, as of its last reading
    NaiveCounters naive;
    for (int step = 0; step < 60; ++step) {
      for (std::uint64_t i = dice.below(40); i > 0; --i) {
        table.push_back(random_row(dice, kStart, kDays * 24 * 60));
      }
      for (std::uint64_t i = dice.below(10); i > 0 && !table.empty(); --i) {
        Row& row = table[dice.below(table.size())];
        if (dice.chance(50)) {
          row = table.back();
          table.pop_back();
        } else {
          row = random_row(dice, kStart, kDays * 24 * 60);
        }
      }
      const Instant from = kStart + width * static_cast<int>(dice.below(kDays * 20));
      const Interval interval{from, from + width * static_cast<int>(dice.below(40))};
      std::uint64_t added = 0;
      std::uint64_t removed = 0;
      bool any = false;
      for (Instant at = interval.from; at < interval.to; at += width) {
        const Rows now = within(table, {at, at + width});
        const NaiveCounters before = NaiveCounters::of(seen[at]);
        const NaiveCounters after = NaiveCounters::of(now);
        added += NaiveCounters::more(before.uses, after.uses) +
                 NaiveCounters::more(before.failures, after.failures);
        removed += NaiveCounters::more(after.uses, before.uses) +
                   NaiveCounters::more(after.failures, before.failures);
        any = any || naive_sum(seen[at]) != naive_sum(now);
        naive.rise(seen[at], now);
        seen[at] = now;
      }
      const FeatureFacts::Change change = read(table, interval);
      ASSERT_EQ(change.added, added);
      ASSERT_EQ(change.removed, removed);
      ASSERT_EQ(change.any, any);
      expect_counters(naive);
      for (int window = 0; window < 4; ++window) {
        const Instant begin = kStart + width * static_cast<int>(dice.below(kDays * 20));
        const Interval asked{begin, begin + width * static_cast<int>(dice.below(kDays * 24))};
        Rows rows;
        for (const auto& [at, held] : seen) {
          if (at >= asked.from && at < asked.to) rows.insert(rows.end(), held.begin(), held.end());
        }
        const Bucket expected = naive_sum(rows);
        ASSERT_EQ(facts_.sum(asked), expected);
        ASSERT_EQ(facts_.users(asked), expected.uses.users());
        expect_done(asked, expected, dice);
        ASSERT_EQ(facts_.totals(asked), FeatureCounters(full_shape(), expected));
      }
    }
  }
}

TEST_F(FeatureFactsTest, APurgeLowersWindowsAndNoCounter) {
  Dice dice(1);
  Rows table;
  for (int i = 0; i < 10'000; ++i) table.push_back(random_row(dice, kStart, 10 * 24 * 60));
  const Interval all{kStart, kStart + days(10)};
  read(table, all);
  const FeatureCounters before = facts_.counters();
  std::sort(table.begin(), table.end(), [](const Row& a, const Row& b) { return a.time < b.time; });
  const Rows kept(table.begin() + 1000, table.end());
  const FeatureFacts::Change change = read(kept, all);
  EXPECT_EQ(change.removed, 1000);
  EXPECT_EQ(change.added, 0);
  EXPECT_EQ(facts_.counters(), before);
  EXPECT_EQ(facts_.sum(all).rows(), 9000);

  Rows later = kept;
  for (int i = 0; i < 5; ++i) later.push_back({.time = kStart + days(9), .dimensions = {"", ""}});
  read(later, all);
  EXPECT_EQ(facts_.counters().uses, before.uses + 5) << "new rows count, restored ones are new";
}

TEST_F(FeatureFactsTest, ARowThatMovesIsCountedWhereItAppears) {
  const Interval all{kStart, kStart + days(1)};
  Rows table{{.time = kStart + minutes(30), .dimensions = {"csv", "x"}}};
  read(table, all);
  table[0].time = kStart + hours(5);
  const FeatureFacts::Change change = read(table, all);
  EXPECT_EQ(change.added, 1);
  EXPECT_EQ(change.removed, 1);
  EXPECT_EQ(facts_.counters().uses, 2);
  EXPECT_EQ(facts_.sum(all).uses.total(), 1);
}

TEST_F(FeatureFactsTest, ReadingTheSameAgainChangesNothing) {
  Dice dice(2);
  Rows table;
  for (int i = 0; i < 1000; ++i) table.push_back(random_row(dice, kStart, 24 * 60));
  const Interval all{kStart, kStart + days(1)};
  EXPECT_TRUE(read(table, all).any);
  const FeatureCounters before = facts_.counters();
  std::reverse(table.begin(), table.end());
  const FeatureFacts::Change change = read(table, all);
  EXPECT_FALSE(change.any);
  EXPECT_EQ(change.added + change.removed, 0);
  EXPECT_EQ(facts_.counters(), before);
  // As many rows as before, but another user.
  table[0].user = "somebody else";
  EXPECT_TRUE(read(table, all).any);
}

TEST_F(FeatureFactsTest, TheOrderOfRowsChangesNothing) {
  Dice dice(7);
  Rows table;
  for (int i = 0; i < 3000; ++i) {
    table.push_back({.time = kStart, .dimensions = {"csv", "x"}});
    table.back().duration = static_cast<double>(dice.below(1'000'000)) / 7e3;
  }
  const Interval all{kStart, kStart + days(1)};
  read(table, all);
  const double before = facts_.counters().duration.sum;
  for (int round = 0; round < 20; ++round) {
    for (Row& row : table) std::swap(row, table[dice.below(table.size())]);
    EXPECT_FALSE(read(table, all).any);
  }
  EXPECT_EQ(facts_.counters().duration.sum, before);
}

TEST_F(FeatureFactsTest, BucketsOutsideOfTheIntervalAreAMistake) {
  std::map<Instant, Bucket> fresh =
      buckets_of({{.time = kStart + hours(3), .dimensions = {"", ""}}}, {kStart, kStart + days(1)},
                 facts_, users_);
  EXPECT_THROW(facts_.replace({kStart, kStart + hours(3)}, fresh), std::logic_error);
  EXPECT_THROW(facts_.replace({kStart, kStart + minutes(230)}, fresh), std::logic_error);
  EXPECT_THROW(facts_.sum({kStart + minutes(1), kStart + hours(3)}), std::logic_error);
  EXPECT_THROW(FeatureFacts(full_shape(), hours(7)), std::logic_error);
}

TEST_F(FeatureFactsTest, BucketsStartOnEdgesBeforeTheEpochToo) {
  EXPECT_EQ(facts_.bucket_start(kStart + minutes(59)), kStart);
  EXPECT_EQ(facts_.bucket_start(kStart), kStart);
  EXPECT_EQ(facts_.bucket_start(Instant() - minutes(1)), Instant() - hours(1));
  EXPECT_EQ(facts_.first_bucket(), std::nullopt);
  read({{.time = kStart + minutes(70), .dimensions = {"", ""}}}, {kStart, kStart + days(1)});
  EXPECT_EQ(facts_.first_bucket(), kStart + hours(1));
}

TEST_F(FeatureFactsTest, RestoresWhatItHeld) {
  Dice dice(3);
  Rows table;
  for (int i = 0; i < 500; ++i) table.push_back(random_row(dice, kStart, 2 * 24 * 60));
  const Interval all{kStart, kStart + days(2)};
  read(table, all);
  FeatureFacts other(full_shape(), hours(1));
  other.sum(all);  // remembers that there is nothing
  other.restore(facts_.buckets(), facts_.counters());
  EXPECT_EQ(other.sum(all), facts_.sum(all));
  EXPECT_EQ(other.users(all), facts_.users(all));
  EXPECT_EQ(other.counters(), facts_.counters());
}

TEST_F(FeatureFactsTest, ForgetsAUserAndKeepsTheirRows) {
  Dice dice(4);
  Rows table;
  for (int i = 0; i < 500; ++i) table.push_back(random_row(dice, kStart, 2 * 24 * 60));
  const Interval all{kStart, kStart + days(2)};
  read(table, all);
  const Bucket before = facts_.sum(all);
  const UserId user = *users_.find("user-7");
  ASSERT_TRUE(facts_.users(all).contains(user));
  facts_.forget(user);
  EXPECT_FALSE(facts_.users(all).contains(user));
  EXPECT_EQ(facts_.sum(all).rows(), before.rows());
  EXPECT_EQ(facts_.sum(all).uses.unattributed(),
            before.uses.unattributed() + before.uses.times(user));
}

TEST_F(FeatureFactsTest, SeveralThreadsMayRead) {
  Dice dice(6);
  Rows table;
  for (int i = 0; i < 5000; ++i) table.push_back(random_row(dice, kStart, 20 * 24 * 60));
  read(table, {kStart, kStart + days(20)});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < (kSanitized ? 5 : 20); ++i) {
        const Interval asked{kStart + hours(i), kStart + days(20) - hours(i)};
        EXPECT_EQ(facts_.sum(asked).uses.users(), facts_.users(asked));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace usage
