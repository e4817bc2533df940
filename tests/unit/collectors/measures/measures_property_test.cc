// Every measure of the table against an independent evaluation over plain rows, for random
// products at random instants in zones whose clocks change, before and after rows came late, were
// updated and deleted.
#include <gtest/gtest.h>

#include <cmath>

#include "collectors/measures/evaluate.h"
#include "collectors/measures/measures.h"
#include "exporter/base/timestamps.h"
#include "tests/support/random_world.h"
#include "tests/support/sanitizers.h"

namespace usage {
namespace {

using reference::RandomWorld;
using reference::Series;

constexpr int kWorlds = kSanitized ? 40 : 350;
constexpr int kInstants = 3;

bool is_counter(const std::string& key) {
  const std::string name = key.substr(0, key.find('|'));
  return name.ends_with("_total") || name.starts_with("usage_operation_duration_seconds") ||
         name.starts_with("usage_payload_bytes");
}

// Bounds of windows have a test of their own.
bool is_bound(const std::string& key) { return key.starts_with("usage_window_"); }

bool same(double a, double b) { return std::abs(a - b) <= 1e-9 * std::max(1.0, std::abs(b)); }

std::string difference(const Series& expected, const Series& actual, bool with_counters) {
  std::string found;
  const auto skip = [&](const std::string& key) {
    return is_bound(key) || (!with_counters && is_counter(key));
  };
  for (const auto& [key, value] : expected) {
    const auto other = actual.find(key);
    if (skip(key)) continue;
    if (other == actual.end()) {
      found += key + " is missing, expected " + std::to_string(value) + "\n";
    } else if (!same(other->second, value)) {
      found += key + " is " + std::to_string(other->second) + ", expected " +
               std::to_string(value) + "\n";
    }
  }
  for (const auto& [key, value] : actual) {
    if (!skip(key) && !expected.contains(key)) {
      found += key + " is " + std::to_string(value) + ", expected none\n";
    }
  }
  return found;
}

std::set<std::string> features_of(const Facts& facts) {
  std::set<std::string> names;
  for (const auto& [name, feature] : facts.features) names.insert(name);
  return names;
}

std::string compare(const RandomWorld& random, const Facts& facts, Instant at, bool live) {
  const Evaluation actual = evaluate(facts, random.rules, at, live, features_of(facts), true);
  validate(actual.metrics);
  const Series expected = reference::measures(random.world, random.rules, at, live);
  const std::string found = difference(expected, reference::series_of(actual.metrics), !live);
  return found.empty() ? ""
                       : found + "at " + format_rfc3339(at) + (live ? " live in " : " in ") +
                             random.rules.zone.name();
}

TEST(MeasuresProperty, EqualAnIndependentEvaluationOfTheRows) {
  int cases = 0;
  for (std::uint64_t seed = 1; seed <= kWorlds; ++seed) {
    RandomWorld random(seed);
    Facts facts = reference::read(random.world);
    for (int i = 0; i < kInstants; ++i) {
      const std::string found = compare(random, facts, random.instant(), i == 1);
      ASSERT_EQ(found, "") << "seed " << seed << ", instant " << i;
      ++cases;
      reference::read_again(random.world, random.change(), facts);
    }
  }
  EXPECT_GE(cases, kSanitized ? 100 : 1'000);
}

}  // namespace
}  // namespace usage
