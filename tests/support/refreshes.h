#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "collectors/state/state_file.h"
#include "tests/support/facts_fixture.h"

namespace usage::testing {

inline const Instant kStart = Instant(std::chrono::seconds(1'700'006'400));  // a UTC midnight
inline const Interval kAll{kStart, kStart + std::chrono::days(10)};

inline FeatureShape small_shape() {
  FeatureShape shape;
  shape.name = "share";
  return shape;
}

inline Facts new_facts() {
  Facts facts;
  facts.features.emplace("export", FeatureFacts(full_shape(), std::chrono::hours(1)));
  facts.features.emplace("share", FeatureFacts(small_shape(), std::chrono::hours(1)));
  return facts;
}

inline std::map<std::string, StateFile::Table> tables(const std::string& progress = "") {
  return {{"export", {"export v1", progress}},
          {"share", {"share v1", progress}},
          {StateFile::kActivity, {"activity v1", progress}}};
}

// One refresh: what it reads depends on its number alone.
inline void refresh(Facts& facts, int number, StateFile::Changes* changes) {
  Dice dice(static_cast<std::uint64_t>(number));
  const Instant from = kStart + std::chrono::hours(dice.below(10 * 24 - 6));
  const Interval interval{from, from + std::chrono::hours(1 + dice.below(5))};
  std::vector<Row> rows;
  for (std::uint64_t i = dice.below(150); i > 0; --i) {
    rows.push_back(
        random_row(dice, interval.from, 5 * 60, 20 + static_cast<std::uint64_t>(number)));
  }
  for (auto& [name, feature] : facts.features) {
    feature.replace(interval, buckets_of(rows, interval, feature, facts.users));
  }
  std::map<Instant, IdSet> active;
  for (const Row& row : rows) {
    if (row.user && row.time < interval.to) {
      active[std::chrono::floor<std::chrono::hours>(row.time)].add(facts.users.id_of(*row.user));
    }
  }
  facts.activity.replace(interval, std::move(active));
  if (changes != nullptr) {
    for (const auto& [name, table] : tables(std::to_string(number)))
      changes->put_table(name, table);
    for (const auto& [name, feature] : facts.features) {
      changes->put_feature(name, feature, interval);
    }
    changes->put_activity(facts.activity, interval);
    changes->put_users(facts);
  }
}

inline void expect_same(const IdMap& a, const IdMap& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::uint32_t id = 0; id < a.size(); ++id) {
    ASSERT_EQ(a.text(id), b.text(id));
    ASSERT_EQ(a.forgotten(id), b.forgotten(id));
  }
}

inline void expect_same(const Facts& a, const Facts& b) {
  expect_same(a.users, b.users);
  ASSERT_EQ(a.activity.buckets(), b.activity.buckets());
  for (const auto& [name, feature] : a.features) {
    const FeatureFacts& other = b.features.at(name);
    ASSERT_EQ(feature.buckets(), other.buckets());
    ASSERT_EQ(feature.counters(), other.counters());
    ASSERT_EQ(feature.sum(kAll), other.sum(kAll));
    expect_same(feature.names().scopes, other.names().scopes);
    for (std::size_t i = 0; i < feature.names().dimensions.size(); ++i) {
      expect_same(feature.names().dimensions[i], other.names().dimensions[i]);
    }
  }
}

}  // namespace usage::testing
