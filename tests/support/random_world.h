#pragma once

#include <cstdint>
#include <random>

#include "tests/support/measure_reference.h"

namespace usage::reference {

// Random products, rules and instants. Small ones, so that rare things meet: a handful of people,
// rows on bucket edges, at midnight and around changes of the clock.
class RandomWorld {
 public:
  explicit RandomWorld(std::uint64_t seed);

  World world;
  UsageRules rules;

  Instant instant();  // to evaluate at
  Interval change();  // late rows, updates, deletes, changed people; within the interval

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool chance(std::size_t percent) { return below(100) < percent; }
  Instant time();
  std::string user();
  void make_rules();
  void make_people();
  FeatureShape shape(const std::string& name);
  Row row(const FeatureShape& shape);
  Person person(std::string id);

  std::mt19937_64 random_;
  Instant middle_;  // everything happens in the weeks around it
};

}  // namespace usage::reference
