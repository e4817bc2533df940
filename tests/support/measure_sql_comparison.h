#pragma once

#include <gtest/gtest.h>

#include <set>

#include "collectors/measures/measures.h"
#include "tests/support/measure_sql.h"
#include "tests/support/random_world.h"

namespace usage::reference {

inline void expect_as_sql(const Series& sql, const Series& measured, const std::string& where) {
  for (const auto& [key, value] : sql) {
    const auto found = measured.find(key);
    ASSERT_NE(found, measured.end()) << key << " is missing " << where;
    ASSERT_DOUBLE_EQ(found->second, value) << key << " " << where;
  }
  for (const auto& [key, value] : measured) {
    const std::string name = key.substr(0, key.find('|'));
    const bool asked = name == "usage_adoption_ratio" || name == "usage_active_users" ||
                       name == "usage_feature_users" || name == "usage_adoption_regular_ratio" ||
                       name == "usage_lifecycle_users";
    ASSERT_TRUE(!asked || sql.contains(key)) << key << " is not in SQL " << where;
  }
}

// Random worlds, each before and after a change. Their local midnights lie on bucket edges: SQL
// over rows knows no buckets.
inline void compare_with_sql(const testing::Place& place, std::uint64_t worlds) {
  SqlMeasures sql(place);
  for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
    RandomWorld random(10'000 + seed);
    const Instant midnight = random.rules.zone.start_of(CalendarUnit::day, random.instant());
    if (edge_at_or_before(midnight, random.world.width) != midnight) continue;
    random.world.has_users_table = true;
    random.rules.k_anonymity = 0;
    Facts facts = read(random.world);
    std::set<std::string> features;
    for (const auto& [name, shape] : random.world.shapes) features.insert(name);
    for (const bool changed : {false, true}) {
      if (changed) read_again(random.world, random.change(), facts);
      sql.write(random.world);
      const Instant at = random.instant();
      const Evaluation found = evaluate(facts, random.rules, at, false, features, true);
      expect_as_sql(sql.ask(random.world, random.rules, at), series_of(found.metrics),
                    "seed " + std::to_string(seed) + " at " + format_rfc3339(at) + " in " +
                        random.rules.zone.name());
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace usage::reference
