#include "collectors/sql/samples.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/strings.h"
#include "exporter/base/timestamps.h"

namespace usage {

namespace {

std::string label_text(const Value& value, const SqlLabel& label) {
  struct {
    const SqlLabel& label;
    std::string operator()(std::monostate) const { return label.null_as; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return format_shortest(value); }
    std::string operator()(std::string_view value) const { return std::string(value); }
    std::string operator()(Instant value) const { return format_rfc3339(value); }
  } const visitor{label};
  std::string text = std::visit(visitor, value);
  if (label.map.empty() || std::holds_alternative<std::monostate>(value)) {
    return text;
  }
  const auto mapped = label.map.find(text);
  return mapped != label.map.end() ? mapped->second : label.other.value_or(text);
}

// nullopt: no whole number of at least 0.
std::optional<std::uint64_t> whole(const Value& value) {
  constexpr double kLargest = 9e15;  // doubles hold every whole number up to here
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    return *integer >= 0 ? std::optional(static_cast<std::uint64_t>(*integer)) : std::nullopt;
  }
  std::optional<double> real;
  if (const auto* number = std::get_if<double>(&value)) {
    real = *number;
  } else if (const auto* text = std::get_if<std::string_view>(&value)) {
    real = parse_number<double>(
        *text);  // PostgreSQL's sum() of integers is numeric, which comes as text
  }
  const bool good = real && *real >= 0 && *real <= kLargest && *real == std::floor(*real);
  return good ? std::optional(static_cast<std::uint64_t>(*real)) : std::nullopt;
}

}  // namespace

SampleBuilder::SampleBuilder(const SqlMetric& metric, const SqlConfig& settings,
                             const std::map<std::string, std::string>& fixed_labels)
    : metric_(metric), settings_(settings), family_(family(metric, fixed_labels)) {
  for (const auto& [name, value] : metric.static_labels) {
    fixed_values_.push_back(value);
  }
  for (const auto& [name, value] : fixed_labels) {
    fixed_values_.push_back(value);
  }
}

MetricFamily SampleBuilder::family(const SqlMetric& metric,
                                   const std::map<std::string, std::string>& fixed_labels) {
  MetricFamily family;
  family.name = metric.name;
  family.help = metric.help;
  family.unit = metric.unit;
  family.type = metric.type;
  family.bounds = metric.bounds;
  for (const SqlLabel& label : metric.labels) {
    family.label_names.push_back(label.name);
  }
  if (!metric.value_label.empty()) {
    family.label_names.push_back(metric.value_label);
  }
  for (const auto& [name, value] : metric.static_labels) {
    family.label_names.push_back(name);
  }
  for (const auto& [name, value] : fixed_labels) {
    family.label_names.push_back(name);
  }
  if (metric.type == MetricType::stateset) {
    family.label_names.push_back(metric.name);
  }
  return family;
}

void SampleBuilder::columns(std::span<const Column> columns) {
  std::vector<std::string> names;
  for (const Column& column : columns) {
    names.push_back(column.name);
  }
  std::vector<std::size_t> found;
  std::string missing;
  for (const std::string& wanted : metric_.columns()) {
    const auto at = std::find(names.begin(), names.end(), wanted);
    if (at == names.end()) {
      missing +=
          fmt::format("{}metric \"{}\" wants column \"{}\", which query \"{}\" does not return{}",
                      missing.empty() ? "" : "\n", metric_.name, wanted,
                      settings_.queries[metric_.query].name, did_you_mean(wanted, names));
    }
    found.push_back(static_cast<std::size_t>(at - names.begin()));
  }
  if (!missing.empty()) {
    throw Error(Reason::query, missing);
  }
  const auto labels_end = found.begin() + static_cast<std::ptrdiff_t>(metric_.labels.size());
  label_columns_.assign(found.begin(), labels_end);
  number_columns_.assign(labels_end, found.end());
}

std::vector<std::string> SampleBuilder::labels_of(std::span<const Value> row) const {
  std::vector<std::string> labels;
  labels.reserve(family_.label_names.size());
  for (std::size_t i = 0; i < label_columns_.size(); ++i) {
    labels.push_back(label_text(row[label_columns_[i]], metric_.labels[i]));
    if (labels.back().size() > settings_.max_label_length) {
      throw Error(Reason::data,
                  fmt::format("metric \"{}\": a value of label \"{}\" has {} bytes where "
                              "max_label_length is {}",
                              metric_.name, metric_.labels[i].name, labels.back().size(),
                              settings_.max_label_length));
    }
  }
  return labels;
}

std::optional<double> SampleBuilder::number(const Value& value, const std::string& column) const {
  std::optional<double> number;
  if (std::holds_alternative<std::monostate>(value)) {
    number = metric_.default_value;
    return number;  // a default is meant as it is written: it is not scaled
  }
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    const auto mapped = metric_.map.find(std::string(*text));
    if (mapped != metric_.map.end()) {
      return mapped->second * metric_.scale;
    }
    number = parse_number<double>(*text);
    if ((!number || !metric_.map.empty()) && metric_.default_value) {
      return metric_.default_value;
    }
    if (!number || !metric_.map.empty()) {
      throw Error(
          Reason::data,
          fmt::format("metric \"{}\": column \"{}\" holds a text that is {}; {} or set "
                      "\"default\"",
                      metric_.name, column, metric_.map.empty() ? "not a number" : "not in the map",
                      metric_.map.empty() ? "cast it in the query, give it a \"map\"," : "add it"));
    }
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    number = *flag ? 1 : 0;
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    number = static_cast<double>(*integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    number = *real;
  } else {
    number = unix_seconds(std::get<Instant>(value));
  }
  return *number * metric_.scale;
}

// nullopt: the sample is left out and counted.
std::optional<double> SampleBuilder::null_policy(const std::string& column) {
  switch (settings_.on_null) {
    case OnNull::zero:
      return 0;
    case OnNull::nan:
      return std::numeric_limits<double>::quiet_NaN();
    case OnNull::error:
      throw Error(Reason::data,
                  fmt::format("metric \"{}\": column \"{}\" is NULL and on_null is error",
                              metric_.name, column));
    case OnNull::skip:
      break;
  }
  ++skipped_rows_;
  return std::nullopt;
}

std::optional<double> SampleBuilder::without_null(const Value& value, const std::string& column) {
  const auto known = number(value, column);
  return known ? known : null_policy(column);
}

// A number of observations: neither scaled nor mapped. Under `on_null: nan` NULL counts as 0,
// because a count cannot be NaN.
std::optional<std::uint64_t> SampleBuilder::count(const Value& value, const std::string& column) {
  if (std::holds_alternative<std::monostate>(value)) {
    return null_policy(column) ? std::optional<std::uint64_t>(0) : std::nullopt;
  }
  const auto count = whole(value);
  if (!count) {
    throw Error(
        Reason::data,
        fmt::format("metric \"{}\": column \"{}\" must be a whole number of observations of at "
                    "least 0",
                    metric_.name, column));
  }
  return count;
}

void SampleBuilder::check_limit() const {
  if (settings_.on_limit == OnLimit::error && family_.series_count() > settings_.max_series) {
    throw Error(Reason::limit,
                fmt::format("metric \"{}\" has more than max_series = {} series; use fewer labels, "
                            "raise max_series or set on_limit: top",
                            metric_.name, settings_.max_series));
  }
}

void SampleBuilder::merge(Sample& sample, double value) {
  ++merged_rows_;
  if (metric_.type == MetricType::info || metric_.type == MetricType::stateset) {
    sample.value = std::max(sample.value, value);  // adding up flags would leave 0 and 1
    return;
  }
  switch (settings_.on_duplicate) {
    case OnDuplicate::error:
    case OnDuplicate::first:
      break;
    case OnDuplicate::last:
      sample.value = value;
      break;
    case OnDuplicate::sum:
      sample.value += value;
      break;
    case OnDuplicate::max:
      sample.value = std::fmax(sample.value, value);  // whatever the order of rows, NaN loses
      break;
    case OnDuplicate::min:
      sample.value = std::fmin(sample.value, value);
      break;
  }
}

void SampleBuilder::add(std::vector<std::string> labels, double value) {
  if (settings_.on_duplicate != OnDuplicate::error) {
    const auto [found, fresh] = index_.try_emplace(label_identity(labels), family_.samples.size());
    if (!fresh) {
      merge(family_.samples[found->second], value);
      return;
    }
  }
  family_.samples.push_back({std::move(labels), value});
  check_limit();
}

void SampleBuilder::add_states(const std::vector<std::string>& labels, const Value& state) {
  std::string current;
  if (const auto* text = std::get_if<std::string_view>(&state)) {
    current = *text;
  } else if (std::holds_alternative<std::monostate>(state)) {
    if (settings_.on_null == OnNull::error) {
      throw Error(Reason::data, fmt::format("metric \"{}\": the state in column \"{}\" is NULL and "
                                            "on_null is error",
                                            metric_.name, metric_.state_column));
    }
    if (settings_.on_null == OnNull::skip) {
      ++skipped_rows_;
      return;
    }
  } else {
    current = label_text(state, {});
  }
  const bool known =
      std::find(metric_.states.begin(), metric_.states.end(), current) != metric_.states.end();
  if (!known && !std::holds_alternative<std::monostate>(state)) {
    throw Error(Reason::data,
                fmt::format("metric \"{}\": column \"{}\" holds a state that is not in "
                            "\"states\"; add it",
                            metric_.name, metric_.state_column));
  }
  for (const std::string& name : metric_.states) {
    std::vector<std::string> state_labels = labels;
    state_labels.push_back(name);
    add(std::move(state_labels), name == current ? 1 : 0);
  }
}

std::pair<HistogramSample&, bool> SampleBuilder::histogram_of(std::vector<std::string> labels) {
  const auto [found, fresh] = index_.try_emplace(label_identity(labels), family_.histograms.size());
  if (fresh) {
    family_.histograms.push_back(
        {std::move(labels), std::vector<std::uint64_t>(family_.bounds.size() + 1), 0});
    check_limit();
  }
  return {family_.histograms[found->second], fresh};
}

void SampleBuilder::add_observation(std::vector<std::string> labels, std::span<const Value> row) {
  const auto value = without_null(row[number_columns_[0]], metric_.values[0].column);
  if (!value || std::isnan(*value)) {
    return;
  }
  std::optional<std::uint64_t> count = 1;
  if (!metric_.count_column.empty()) {
    count = this->count(row[number_columns_[1]], metric_.count_column);
  }
  if (!count) {
    return;
  }
  HistogramSample& histogram = histogram_of(std::move(labels)).first;
  const auto first = std::lower_bound(family_.bounds.begin(), family_.bounds.end(), *value);
  for (auto i = static_cast<std::size_t>(first - family_.bounds.begin());
       i < histogram.bucket_counts.size(); ++i) {
    histogram.bucket_counts[i] += *count;
  }
  histogram.sum += *value * static_cast<double>(*count);
}

void SampleBuilder::add_buckets(std::vector<std::string> labels, std::span<const Value> row) {
  const std::size_t bounds = family_.bounds.size();
  std::vector<std::uint64_t> counts;
  for (std::size_t i = 0; i <= bounds; ++i) {  // the buckets, then +Inf, which is the count
    const bool bucket = i < bounds;
    const auto number = count(row[number_columns_[bucket ? i : bounds + 1]],
                              bucket ? metric_.bucket_columns[i] : metric_.count_column);
    if (!number) {
      return;
    }
    counts.push_back(*number);
  }
  const auto sum = without_null(row[number_columns_[bounds]], metric_.sum_column);
  if (!sum) {
    return;
  }
  const auto [histogram, fresh] = histogram_of(std::move(labels));
  if (!fresh) {
    ++merged_rows_;
    if (settings_.on_duplicate == OnDuplicate::error) {
      throw Error(
          Reason::duplicate,
          fmt::format("metric \"{}\": two rows have the same labels; group the query by them, "
                      "or set on_duplicate",
                      metric_.name));
    }
    if (settings_.on_duplicate == OnDuplicate::first) {
      return;
    }
  }
  const bool add_up = !fresh && settings_.on_duplicate == OnDuplicate::sum;
  for (std::size_t i = 0; i <= bounds; ++i) {
    histogram.bucket_counts[i] = counts[i] + (add_up ? histogram.bucket_counts[i] : 0);
  }
  histogram.sum = *sum + (add_up ? histogram.sum : 0);
}

void SampleBuilder::row(std::span<const Value> row) {
  std::vector<std::string> labels = labels_of(row);
  const auto with_fixed = [&](std::vector<std::string> all) {
    all.insert(all.end(), fixed_values_.begin(), fixed_values_.end());
    return all;
  };
  switch (metric_.type) {
    case MetricType::gauge:
    case MetricType::counter:
      for (std::size_t i = 0; i < metric_.values.size(); ++i) {
        const auto value = without_null(row[number_columns_[i]], metric_.values[i].column);
        // Moved in the last round only. NOLINTNEXTLINE(bugprone-use-after-move)
        std::vector<std::string> all = i + 1 < metric_.values.size() ? labels : std::move(labels);
        if (!metric_.value_label.empty()) {
          all.push_back(metric_.values[i].label_value);
        }
        all = with_fixed(std::move(all));
        if (value) {
          add(std::move(all), *value);
        } else if (!metric_.expect.empty()) {
          skipped_.insert(label_identity(all));
        }
      }
      break;
    case MetricType::info:
      add(with_fixed(std::move(labels)), 1);
      break;
    case MetricType::stateset:
      add_states(with_fixed(std::move(labels)), row[number_columns_[0]]);
      break;
    case MetricType::histogram:
      if (metric_.bucket_columns.empty()) {
        add_observation(with_fixed(std::move(labels)), row);
      } else {
        add_buckets(with_fixed(std::move(labels)), row);
      }
      break;
  }
}

// Adds 0 for each combination of expected label values that no row had. Counts through the
// combinations like through the digits of a number.
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
