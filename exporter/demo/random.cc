#include "exporter/demo/random.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace usage::demo {
namespace {

std::uint64_t splitmix64(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed) : seed_(seed) {
  std::uint64_t state = seed;
  for (auto& word : state_) word = splitmix64(state);
}

Random Random::fork(std::uint64_t stream) const {
  std::uint64_t state = seed_ ^ std::rotl(stream * 0xd1342543de82ef95U, 29);
  return Random(splitmix64(state));
}

std::uint64_t Random::bits() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Random::uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

std::int64_t Random::between(std::int64_t low, std::int64_t high) {
  const auto range = static_cast<std::uint64_t>(high - low) + 1;
  // Draws below 2^64 mod range would make the first values likelier than the others.
  const std::uint64_t threshold = (0 - range) % range;
  std::uint64_t drawn = bits();
  while (drawn < threshold) drawn = bits();
  return low + static_cast<std::int64_t>(drawn % range);
}

bool Random::chance(double probability) { return uniform() < probability; }

double Random::normal(double mean, double deviation) {
  while (true) {
    const double u = 2 * uniform() - 1;
    const double v = 2 * uniform() - 1;
    const double square = u * u + v * v;
    if (square >= 1 || square == 0) continue;
    return mean + deviation * u * std::sqrt(-2 * std::log(square) / square);
  }
}

double Random::log_normal(double median, double sigma) {
  return median * std::exp(normal(0, sigma));
}

double Random::beta(int a, int b) {
  // With whole parameters, Beta(a, b) is the a-th smallest of a + b - 1 uniforms.
  std::array<double, 16> draws{};
  const auto end = draws.begin() + (a + b - 1);
  std::generate(draws.begin(), end, [this] { return uniform(); });
  std::sort(draws.begin(), end);
  return draws[static_cast<std::size_t>(a - 1)];
}

double Random::pareto(double alpha) { return std::pow(1 - uniform(), -1 / alpha); }

double Random::exponential(double mean) { return -mean * std::log(1 - uniform()); }

int Random::poisson(double mean) {
  const double limit = std::exp(-mean);
  int count = 0;
  for (double product = uniform(); product > limit; product *= uniform()) ++count;
  return count;
}

std::size_t Random::pick(std::span<const double> weights) {
  double total = 0;
  for (const double weight : weights) total += weight;
  double rest = uniform() * total;
  for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
    if (rest < weights[i]) return i;
    rest -= weights[i];
  }
  return weights.size() - 1;
}

}  // namespace usage::demo
