#pragma once

#include <cstdint>
#include <span>

namespace usage::demo {

// xoshiro256** with hand-written distributions: the standard's distributions differ between
// libraries, and tests assert exact values. One thread.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  // An independent generator that depends on the seed and `stream` only, not on what was drawn.
  Random fork(std::uint64_t stream) const;

  std::uint64_t bits();
  double uniform();                                           // [0, 1)
  std::int64_t between(std::int64_t low, std::int64_t high);  // both included
  bool chance(double probability);
  double normal(double mean, double deviation);
  double log_normal(double median, double sigma);
  double beta(int a, int b);    // whole parameters, a + b <= 16
  double pareto(double alpha);  // at least 1
  double exponential(double mean);
  int poisson(double mean);                           // for means below 50
  std::size_t pick(std::span<const double> weights);  // index, by weight

 private:
  std::uint64_t seed_;
  std::uint64_t state_[4];
};

}  // namespace usage::demo
