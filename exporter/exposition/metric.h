#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/clock.h"

namespace usage {

// Metric types of OpenMetrics 1.0.0 that the exporter produces. In text 0.0.4, info and stateset
// are written as gauges.
enum class MetricType { gauge, counter, histogram, info, stateset };

std::string_view to_string(MetricType type);

// One line of a gauge, counter, info (value 1) or state set (value 0 or 1; the state is the last
// label, whose name is the family's name).
struct Sample {
  std::vector<std::string> labels;  // parallel to MetricFamily::label_names
  double value = 0;
  bool operator==(const Sample&) const = default;
};

struct HistogramSample {
  std::vector<std::string> labels;           // parallel to MetricFamily::label_names
  std::vector<std::uint64_t> bucket_counts;  // cumulative; one per bound, then the one of +Inf
  double sum = 0;
  bool operator==(const HistogramSample&) const = default;
};

// A value: plain, copyable. `name` is the name on the wire in text 0.0.4: it ends in _total for
// counters and in _info for info; OpenMetrics' family name is that without the suffix.
struct MetricFamily {
  std::string name;
  std::string help;
  std::string unit;  // OpenMetrics # UNIT; empty, or the ending of the family's name
  MetricType type = MetricType::gauge;
  std::vector<std::string> label_names;
  std::vector<Sample> samples;              // every type but histogram
  std::vector<double> bounds;               // histogram: upper bounds, ascending, without +Inf
  std::vector<HistogramSample> histograms;  // histogram only
  std::optional<Instant> created;           // counters and histograms, where known
  // A counter whose OpenMetrics name is that of another family (usage_uses_total beside the gauge
  // usage_uses): there it is of type unknown, under its whole name.
  bool unknown_in_openmetrics = false;

  // Series on the wire: a histogram sample is one per bucket, and _sum and _count.
  std::size_t series_count() const;
  bool operator==(const MetricFamily&) const = default;
};

using Metrics = std::vector<MetricFamily>;

std::size_t series_count(const Metrics& metrics);

// https://prometheus.io/docs/concepts/data_model: [a-zA-Z_:][a-zA-Z0-9_:]*, but colons are for
// recording rules and refused here. Label names also may not begin with "__".
bool valid_metric_name(std::string_view name);
bool valid_label_name(std::string_view name);

// Label values as one text; different lists of UTF-8 texts never give the same.
std::string label_identity(const std::vector<std::string>& labels);

// The OpenMetrics name of the family: without _total or _info.
std::string_view base_name(const MetricFamily& family);

// The names of the family's series on the wire in text 0.0.4: its own, or those of a histogram's
// parts.
std::vector<std::string> series_names(const MetricFamily& family);

// Throws std::out_of_range if no family has the name: families are filled by name, never by place.
MetricFamily& family_named(Metrics& families, std::string_view name);

// Throws Error(data) when a family is not fit for the wire: a bad name, a label count that differs
// from the names, invalid UTF-8, a negative or infinite counter, buckets that fall; and
// Error(duplicate) when two samples have the same labels. The message says which family and, for
// duplicates, the label names but never the values.
void validate(const Metrics& metrics);

}  // namespace usage
