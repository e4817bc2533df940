#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "collectors/sql/samples.h"

namespace usage {

// Every combination of the expected label values that no row had gets 0. The combinations are
// counted through like the digits of a number.
void SampleBuilder::add_expected() {
  std::unordered_set<std::string> present = skipped_;  // unknown is not zero
  for (const Sample& sample : family_.samples) {
    present.insert(label_identity(sample.labels));
  }
  std::vector<std::size_t> digits(metric_.expect.size(), 0);
  bool more = true;
  while (more) {
    for (const SqlValue& value : metric_.values) {
      std::vector<std::string> labels;
      for (std::size_t i = 0; i < digits.size(); ++i) {
        labels.push_back(metric_.expect[i][digits[i]]);
      }
      if (!metric_.value_label.empty()) {
        labels.push_back(value.label_value);
      }
      labels.insert(labels.end(), fixed_values_.begin(), fixed_values_.end());
      if (!present.contains(label_identity(labels))) {
        family_.samples.push_back({std::move(labels), 0});
      }
    }
    more = false;
    for (std::size_t i = 0; i < digits.size() && !more; ++i) {
      digits[i] = (digits[i] + 1) % metric_.expect[i].size();
      more = digits[i] != 0;
    }
  }
}

MetricFamily SampleBuilder::finish(bool empty) {
  const bool zero = empty && settings_.on_empty == OnEmpty::zero && metric_.labels.empty();
  const bool number = metric_.type == MetricType::gauge || metric_.type == MetricType::counter;
  if (!metric_.expect.empty() || (zero && number)) {
    add_expected();
  } else if (zero && metric_.type == MetricType::histogram) {
    histogram_of(fixed_values_);
  }
  check_limit();
  return std::move(family_);
}

std::uint64_t fold_to_limit(Metrics& families, const std::vector<std::size_t>& column_labels,
                            std::size_t max_series) {
  if (series_count(families) <= max_series) {
    return 0;
  }
  const std::size_t share = std::max<std::size_t>(1, max_series / families.size());
  std::uint64_t folded = 0;
  for (std::size_t f = 0; f < families.size(); ++f) {
    std::vector<Sample>& samples = families[f].samples;
    if (samples.size() <= share) {
      continue;
    }
    std::vector<std::string> other = samples.front().labels;
    std::fill_n(other.begin(), column_labels[f], "other");
    // A row that is called "other" already belongs to the fold.
    const auto named_other = std::partition(samples.begin(), samples.end(),
                                            [&](const Sample& s) { return s.labels != other; });
    const auto keep =
        samples.begin() + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(share) - 1,
                                                   named_other - samples.begin());
    const auto rank = [](const Sample& sample) {  // NaN is no size
      return std::isnan(sample.value) ? -std::numeric_limits<double>::infinity() : sample.value;
    };
    std::partial_sort(samples.begin(), keep, named_other, [&](const Sample& a, const Sample& b) {
      return rank(a) != rank(b) ? rank(a) > rank(b) : a.labels < b.labels;
    });
    const double rest =
        std::accumulate(keep, samples.end(), 0.0, [](double sum, const Sample& sample) {
          return std::isnan(sample.value) ? sum : sum + sample.value;
        });
    folded += static_cast<std::uint64_t>(samples.end() - keep);
    samples.erase(keep, samples.end());
    samples.push_back({std::move(other), rest});
  }
  return folded;
}

}  // namespace usage
