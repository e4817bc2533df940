#include "exporter/demo/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>

namespace usage::demo {
namespace {

double mean(const std::function<double()>& draw, int count = 20'000) {
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += draw();
  return sum / count;
}

TEST(DemoRandom, drawsTheSameNumbersEverywhere) {
  // xoshiro256** seeded by splitmix64(0), as their authors' C code prints them.
  Random random(0);
  EXPECT_EQ(random.bits(), 0x99ec5f36cb75f2b4U);
  EXPECT_EQ(random.bits(), 0xbf6e1f784956452aU);
  EXPECT_EQ(random.bits(), 0x1a5f849d4933e6e0U);
}

TEST(DemoRandom, aForkDependsOnSeedAndStreamOnly) {
  Random used(7);
  used.bits();
  EXPECT_EQ(used.fork(3).bits(), Random(7).fork(3).bits());
  EXPECT_NE(Random(7).fork(3).bits(), Random(7).fork(4).bits());
  EXPECT_NE(Random(7).fork(3).bits(), Random(8).fork(3).bits());
}

TEST(DemoRandom, betweenReachesBothEndsEvenly) {
  Random random(1);
  std::array<int, 3> seen{};
  for (int i = 0; i < 30'000; ++i) {
    const auto drawn = random.between(-1, 1);
    ASSERT_GE(drawn, -1);
    ASSERT_LE(drawn, 1);
    ++seen[static_cast<std::size_t>(drawn + 1)];
  }
  for (const int count : seen) EXPECT_NEAR(count, 10'000, 300);
  EXPECT_EQ(random.between(5, 5), 5);
}

TEST(DemoRandom, distributionsHaveTheirMeans) {
  Random random(2);
  EXPECT_NEAR(mean([&] { return random.uniform(); }), 0.5, 0.01);
  EXPECT_NEAR(mean([&] { return random.chance(0.3) ? 1.0 : 0.0; }), 0.3, 0.01);
  EXPECT_NEAR(mean([&] { return random.normal(10, 2); }), 10, 0.05);
  EXPECT_NEAR(mean([&] { return std::abs(random.normal(0, 1)); }), std::sqrt(2 / M_PI), 0.02);
  EXPECT_NEAR(mean([&] { return std::log(random.log_normal(5, 0.5)); }), std::log(5.0), 0.02);
  EXPECT_NEAR(mean([&] { return random.beta(4, 2); }), 4.0 / 6, 0.01);
  EXPECT_NEAR(mean([&] { return random.exponential(3); }), 3, 0.08);
  EXPECT_NEAR(mean([&] { return random.poisson(2.5); }), 2.5, 0.05);
  EXPECT_NEAR(mean([&] { return random.pareto(3); }), 1.5, 0.03);
}

TEST(DemoRandom, picksByWeight) {
  Random random(3);
  std::array<int, 3> seen{};
  for (int i = 0; i < 40'000; ++i) ++seen[random.pick(std::array{1.0, 0.0, 3.0})];
  EXPECT_NEAR(seen[0], 10'000, 300);
  EXPECT_EQ(seen[1], 0);
  EXPECT_NEAR(seen[2], 30'000, 300);
}

}  // namespace
}  // namespace usage::demo
