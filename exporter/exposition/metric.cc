#include "exporter/exposition/metric.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>
#include <unordered_set>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/utf8.h"

namespace usage {

namespace {

bool letter_or_underscore(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool valid_name(std::string_view name) {
  return !name.empty() && letter_or_underscore(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return letter_or_underscore(c) || (c >= '0' && c <= '9'); });
}

[[noreturn]] void fail(const MetricFamily& family, Reason reason, std::string_view what) {
  throw Error(reason, fmt::format("metric \"{}\": {}", family.name, what));
}

void check_labels(const MetricFamily& family, const std::vector<std::string>& labels) {
  if (labels.size() != family.label_names.size()) {
    fail(family, Reason::data,
         fmt::format("a sample has {} labels where {} are named", labels.size(),
                     family.label_names.size()));
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!valid_utf8(labels[i])) {
      fail(family, Reason::data,
           fmt::format("a value of label \"{}\" is not UTF-8; convert it in the query",
                       family.label_names[i]));
    }
  }
}

template <typename AnySample>
void check_duplicates(const MetricFamily& family, const std::vector<AnySample>& samples) {
  // Hashes first: a set of 8 bytes a sample instead of a copy of every label.
  std::vector<std::size_t> hashes;
  hashes.reserve(samples.size());
  for (const AnySample& sample : samples) {
    hashes.push_back(std::hash<std::string>()(label_identity(sample.labels)));
  }
  std::sort(hashes.begin(), hashes.end());
  if (std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end()) {
    return;
  }
  std::unordered_set<std::string> seen;
  for (const AnySample& sample : samples) {
    if (!seen.insert(label_identity(sample.labels)).second) {
      std::string names;
      for (const std::string& name : family.label_names) {
        names += (names.empty() ? "" : ", ") + name;
      }
      fail(family, Reason::duplicate,
           names.empty()
               ? "more than one sample, but no label tells them apart"
               : fmt::format(
                     "two samples have the same values of the labels ({}); group the query by "
                     "them, or set on_duplicate",
                     names));
    }
  }
}

void check_histogram(const MetricFamily& family, const HistogramSample& sample) {
  if (std::isnan(sample.sum)) {
    fail(family, Reason::data, "the sum of a histogram is not a number");
  }
  if (sample.bucket_counts.size() != family.bounds.size() + 1) {
    fail(family, Reason::data, "a histogram has not one count per bucket");
  }
  if (!std::is_sorted(sample.bucket_counts.begin(), sample.bucket_counts.end())) {
    fail(family, Reason::data,
         "bucket counts fall from one bound to the next; they must be cumulative");
  }
}

void check_names(const MetricFamily& family) {
  if (!valid_metric_name(family.name)) {
    fail(family, Reason::data, "not a valid metric name");
  }
  if (!valid_utf8(family.help)) {
    fail(family, Reason::data, "its help is not UTF-8");
  }
  std::set<std::string_view> names;
  for (const std::string& name : family.label_names) {
    const bool state_label = family.type == MetricType::stateset && name == family.name;
    if (!state_label && !valid_label_name(name)) {
      fail(family, Reason::data, fmt::format("\"{}\" is not a valid label name", name));
    }
    if (family.type == MetricType::histogram && name == "le") {
      fail(family, Reason::data, "label \"le\" is taken by the buckets");
    }
    if (!names.insert(name).second) {
      fail(family, Reason::data, fmt::format("label \"{}\" is named twice", name));
    }
  }
}

}  // namespace

std::string_view to_string(MetricType type) {
  switch (type) {
    case MetricType::gauge:
      return "gauge";
    case MetricType::counter:
      return "counter";
    case MetricType::histogram:
      return "histogram";
    case MetricType::info:
      return "info";
    case MetricType::stateset:
      return "stateset";
  }
  return "unknown";
}

std::size_t MetricFamily::series_count() const {
  return samples.size() + histograms.size() * (bounds.size() + 3);
}

std::size_t series_count(const Metrics& metrics) {
  std::size_t count = 0;
  for (const MetricFamily& family : metrics) {
    count += family.series_count();
  }
  return count;
}

bool valid_metric_name(std::string_view name) { return valid_name(name); }

bool valid_label_name(std::string_view name) { return valid_name(name) && !name.starts_with("__"); }

std::string label_identity(const std::vector<std::string>& labels) {
  std::string key;
  for (const std::string& label : labels) {
    key += label;
    key += '\xff';  // never occurs in UTF-8
  }
  return key;
}

std::string_view base_name(const MetricFamily& family) {
  std::string_view name = family.name;
  const std::string_view suffix = family.type == MetricType::counter ? "_total"
                                  : family.type == MetricType::info  ? "_info"
                                                                     : "";
  if (name.ends_with(suffix)) {
    name.remove_suffix(suffix.size());
  }
  return name;
}

std::vector<std::string> series_names(const MetricFamily& family) {
  if (family.type != MetricType::histogram) {
    return {family.name};
  }
  return {family.name + "_bucket", family.name + "_sum", family.name + "_count"};
}

MetricFamily& family_named(Metrics& families, std::string_view name) {
  const auto found = std::find_if(families.begin(), families.end(),
                                  [&](const MetricFamily& family) { return family.name == name; });
  if (found == families.end()) {
    throw std::out_of_range(fmt::format("no family is named {}", name));
  }
  return *found;
}

void validate(const Metrics& metrics) {
  for (const MetricFamily& family : metrics) {
    check_names(family);
    for (const Sample& sample : family.samples) {
      check_labels(family, sample.labels);
      if (family.type == MetricType::counter &&
          !(sample.value >= 0 && std::isfinite(sample.value))) {
        fail(family, Reason::data, "a counter must be a finite number of at least 0");
      }
    }
    for (const HistogramSample& sample : family.histograms) {
      check_labels(family, sample.labels);
      check_histogram(family, sample);
    }
    check_duplicates(family, family.samples);
    check_duplicates(family, family.histograms);
  }
}

}  // namespace usage
