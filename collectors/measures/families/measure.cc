#include "collectors/measures/families/measure.h"

#include <algorithm>

namespace usage {

void add_sample(MetricFamily& family, std::vector<std::string> labels, double value) {
  family.samples.push_back({std::move(labels), value});
}

void add_per_window(EvaluationContext& context, const std::string& feature, MetricFamily& family,
                    const std::function<std::optional<double>(const Interval&)>& value) {
  for (const Window& window : context.rules().windows) {
    const std::optional<double> known = value(context.bounds(window));
    if (!known) continue;
    std::vector<std::string> labels;
    if (!feature.empty()) labels.push_back(feature);
    labels.push_back(window.label);
    add_sample(family, std::move(labels), *known);
  }
}

std::optional<double> ratio_of(std::uint64_t numerator, std::uint64_t denominator) {
  if (denominator == 0) return std::nullopt;
  return static_cast<double>(numerator) / static_cast<double>(denominator);
}

std::optional<double> ratio_of(const Share& share) {
  return ratio_of(share.numerator, share.denominator);
}

std::optional<double> median_of(std::vector<double> numbers) {
  if (numbers.empty()) return std::nullopt;
  const auto upper = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::ranges::nth_element(numbers, upper);
  const auto lower = numbers.size() % 2 == 1 ? upper : std::max_element(numbers.begin(), upper);
  return (*lower + *upper) / 2;
}

}  // namespace usage
