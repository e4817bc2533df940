#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "collectors/api/source.h"
#include "collectors/sql/config.h"
#include "exporter/exposition/metric.h"

namespace usage {

// Turns the rows of one query run into one metric's samples. One run, one thread.
class SampleBuilder {
 public:
  // The metric and the settings outlive the builder. `fixed_labels` are the source's.
  SampleBuilder(const SqlMetric& metric, const SqlConfig& settings,
                const std::map<std::string, std::string>& fixed_labels);

  // The family without samples: known from config alone.
  static MetricFamily family(const SqlMetric& metric,
                             const std::map<std::string, std::string>& fixed_labels);

  // Finds the metric's columns. Error(query) names all that are missing, a line each.
  void columns(std::span<const Column> columns);

  // Throws Error(data) for a cell that cannot become a label or number, Error(limit) as soon as
  // there are more samples than max_series under `on_limit: error`.
  void row(std::span<const Value> row);

  // Adds what `expect` and `on_empty: zero` promise and gives the family away; call once.
  MetricFamily finish(bool empty);

  std::uint64_t skipped_rows() const { return skipped_rows_; }
  std::uint64_t merged_rows() const { return merged_rows_; }

 private:
  std::vector<std::string> labels_of(std::span<const Value> row) const;
  std::optional<double> number(const Value& value, const std::string& column) const;
  std::optional<double> without_null(const Value& value, const std::string& column);
  std::optional<std::uint64_t> count(const Value& value, const std::string& column);
  std::optional<double> null_policy(const std::string& column);
  void add(std::vector<std::string> labels, double value);
  void add_states(const std::vector<std::string>& labels, const Value& state);
  void add_observation(std::vector<std::string> labels, std::span<const Value> row);
  void add_buckets(std::vector<std::string> labels, std::span<const Value> row);
  void merge(Sample& sample, double value);
  std::pair<HistogramSample&, bool> histogram_of(std::vector<std::string> labels);  // true: fresh
  void add_expected();
  void check_limit() const;

  const SqlMetric& metric_;
  const SqlConfig& settings_;
  MetricFamily family_;
  std::vector<std::string> fixed_values_;    // of static and source labels, in family order
  std::vector<std::size_t> label_columns_;   // indexes into the row, parallel to metric.labels
  std::vector<std::size_t> number_columns_;  // values, buckets, sum, count, state: as columns()
  std::unordered_map<std::string, std::size_t> index_;  // identity → sample, where rows may merge
  std::unordered_set<std::string> skipped_;  // identities, where `expect` would read them as 0
  std::uint64_t skipped_rows_ = 0;
  std::uint64_t merged_rows_ = 0;
};

// Under `on_limit: top`, keeps each family's largest samples so that all together have at most
// `max_series`, and folds the rest into one sample whose labels from columns are "other".
// Returns how many samples were folded.
std::uint64_t fold_to_limit(Metrics& families, const std::vector<std::size_t>& column_labels,
                            std::size_t max_series);

}  // namespace usage
