#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/measures/context/evaluation_context.h"
#include "collectors/measures/context/feature_predicates.h"
#include "exporter/exposition/metric.h"

// A measure, and what the files of this folder share. Each file X.cc holds the rows of its family
// and the functions that they name; X.h declares the rows, and what others need of X.
namespace usage {

inline constexpr auto kGauge = MetricType::gauge;
inline constexpr auto kCounter = MetricType::counter;
inline constexpr auto kHistogram = MetricType::histogram;
inline constexpr auto kInfo = MetricType::info;

// Measure::applies of a measure that is evaluated once, not for each feature.
inline constexpr bool (*kOnce)(const FeatureShape&) = nullptr;

// The two series that a ratio divides, for explain. They have the ratio's labels or fewer. `window`
// is that of the denominator if it is fixed; else both have the ratio's.
struct RatioParts {
  std::string_view numerator, denominator, window = {};
};

// The names of a family's labels. A value that can be a constant, as a vector cannot.
class LabelNames {
 public:
  constexpr LabelNames(std::initializer_list<std::string_view> names) : count_(names.size()) {
    std::copy(names.begin(), names.end(), names_.begin());
  }
  constexpr const std::string_view* begin() const { return names_.data(); }
  constexpr const std::string_view* end() const { return names_.data() + count_; }

 private:
  std::array<std::string_view, 10> names_;
  std::size_t count_;
};

// A row of the table of everything that is computed. A ratio with a zero denominator and anything
// that cannot be known at the context's instant give no sample.
struct Measure {
  std::string_view name;  // on the wire, such as usage_adoption_ratio
  MetricType type;
  std::string_view unit;
  LabelNames labels;
  bool (*applies)(const FeatureShape&);  // the features that it is evaluated for, or kOnce
  // Appends samples. `feature` is empty if the measure is evaluated once.
  void (*evaluate)(EvaluationContext&, const std::string& feature, MetricFamily&);
  std::string_view help;  // window, numerator and denominator in words
  RatioParts parts = {};  // empty unless explain shows them

  bool per_feature() const { return applies != kOnce; }
};

// Builds a row. Calls of it are easier to read than ten lines in braces.
constexpr Measure row(std::string_view name, MetricType type, std::string_view unit,
                      const LabelNames& labels, bool (*applies)(const FeatureShape&),
                      void (*evaluate)(EvaluationContext&, const std::string&, MetricFamily&),
                      std::string_view help, const RatioParts& parts = {}) {
  return {name, type, unit, labels, applies, evaluate, help, parts};
}

void add_sample(MetricFamily& family, std::vector<std::string> labels, double value);

// Adds a sample for every window for which `value` returns a number. Labels: the feature unless it
// is empty, then the window.
void add_per_window(EvaluationContext& context, const std::string& feature, MetricFamily& family,
                    const std::function<std::optional<double>(const Interval&)>& value);

struct Share {
  std::uint64_t numerator = 0, denominator = 0;
};

// Nothing if the denominator is zero.
std::optional<double> ratio_of(const Share& share);
std::optional<double> ratio_of(std::uint64_t numerator, std::uint64_t denominator);

// Of an even count, the mean of the two in the middle. Nothing if there are no numbers.
std::optional<double> median_of(std::vector<double> numbers);

}  // namespace usage
