#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "exporter/exposition/metric.h"

namespace usage {

// Pages of many instants as one OpenMetrics text with timestamps: families in a given order, each
// metric in one piece, its points by time. OpenMetrics wants it so, and a page is in the other
// order: all pages are taken in before the first line is written. What is kept of a series is where
// its value changes, in about 20 bytes a change. Not thread-safe.
class HistoryText {
 public:
  using FixedLabel = std::pair<std::string, std::string>;

  // All families that there can be, in the order of the text; labels that every series gets.
  explicit HistoryText(const Metrics& families, const std::vector<FixedLabel>& labels = {});

  // Instants rise, in whole seconds. Without `created`: Prometheus would store it as a series.
  void add(Instant at, Metrics page);

  void write(const std::function<void(std::string_view)>& sink) const;

  std::size_t series() const;
  std::uint64_t samples() const { return samples_; }

 private:
  // A series: its line up to the value, and runs of instants with the same value.
  struct Line {
    std::string start;
    std::string runs;  // all but the last, encoded
    std::size_t first = 0, count = 0;
    std::string value;
  };
  // The lines that a metric has at every instant: one, or those of a histogram.
  using Metric = std::vector<Line>;
  struct Family {
    MetricFamily head;
    std::vector<Metric> metrics;
    std::unordered_map<std::string, std::size_t> places;  // by labels
  };
  class Cursor;

  void take(Family& family, std::vector<std::string>& labels);
  static void extend(Line& line, std::size_t instant, std::string_view value);

  std::vector<Family> families_;
  std::vector<std::string> fixed_;             // values of the labels
  std::map<std::string, std::size_t> places_;  // of families, by name
  std::vector<Instant> instants_;
  std::string rendered_;
  std::uint64_t samples_ = 0;
};

}  // namespace usage
