#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "collectors/measures/evaluate.h"
#include "collectors/measures/measures.h"
#include "exporter/base/timestamps.h"
#include "tests/support/measure_sql.h"
#include "tests/support/random_world.h"

namespace usage::reference {

// Live counters count rows that are gone too.
inline std::set<std::string> counters() {
  std::set<std::string> names;
  for (const Measure& measure : usage::measures()) {
    const bool counts = measure.type == MetricType::counter;
    if (counts) names.emplace(measure.name);
    if (measure.type == MetricType::histogram) {
      names.insert(std::string(measure.name) + "_bucket");
      names.insert(std::string(measure.name) + "_sum");
    }
  }
  return names;
}

inline std::string name_of(const std::string& series) { return series.substr(0, series.find('|')); }

inline std::string differences(Series sql, Series measured, bool with_counters) {
  if (!with_counters) {
    const std::set<std::string> left_out = counters();
    for (Series* series : {&sql, &measured}) {
      std::erase_if(*series,
                    [&](const auto& one) { return left_out.contains(name_of(one.first)); });
    }
  }
  std::string text;
  for (const auto& [key, value] : sql) {
    const auto found = measured.find(key);
    if (found == measured.end()) {
      text += key + " is missing, in SQL " + std::to_string(value) + "\n";
    } else if (std::abs(found->second - value) > 1e-9 * std::max(1.0, std::abs(value))) {
      text +=
          key + " is " + std::to_string(found->second) + ", in SQL " + std::to_string(value) + "\n";
    }
  }
  for (const auto& [key, value] : measured) {
    if (!sql.contains(key)) text += key + " is " + std::to_string(value) + ", not in SQL\n";
  }
  return text;
}

// What was promised, and the business, have comparisons of their own: targets_property_test.cc, and
// targets_test.py and business_test.py with SQL, events_test.cc with SQL.
inline bool is_compared_elsewhere(std::string_view name) {
  return name.starts_with("usage_target_") || name.starts_with("usage_phase_") ||
         needs_auxiliary_tables(name);
}

// Random worlds at random instants, past and live, before and after late rows, updates and deletes
// were read by the next tier: every measure of the table equals its statement, and each was there.
inline void compare_with_sql(const testing::Place& place, std::uint64_t first_seed, int cases) {
  SqlMeasures sql(place);
  for (const Measure& measure : usage::measures()) {
    ASSERT_TRUE(is_compared_elsewhere(measure.name) || sql.has(measure.name))
        << measure.name << " has no SQL in measures.sql";
  }
  std::map<std::string, int> compared;
  std::set<std::string> zones;
  int done = 0;
  for (std::uint64_t seed = first_seed; done < cases; ++seed) {
    RandomWorld random(seed);
    Facts facts = read(random.world);
    std::set<std::string> features;
    for (const auto& [name, shape] : random.world.shapes) features.insert(name);
    for (int step = 0; step < 3; ++step, ++done) {
      if (step > 0) read_again(random.world, random.change(), facts);
      sql.write(random.world);
      const Instant at = random.instant();
      const bool live = step == 1;
      const Evaluation found = evaluate(facts, random.rules, at, live, features, true);
      const Series wanted = sql.ask(random.world, random.rules, at, live);
      ASSERT_EQ(differences(wanted, series_of(found.metrics), !live), "")
          << "seed " << seed << ", step " << step << " at " << format_rfc3339(at) << " in "
          << random.rules.zone.name();
      for (const auto& [key, value] : wanted) ++compared[name_of(key)];
      zones.insert(random.rules.zone.name());
    }
  }
  EXPECT_GE(zones.size(), 5U);  // at most two of them keep their clocks
  for (const Measure& measure : usage::measures()) {
    const std::string name(measure.name);
    EXPECT_TRUE(is_compared_elsewhere(name) || compared[name] + compared[name + "_bucket"] > 0)
        << name << " was never there";
  }
}

}  // namespace usage::reference
