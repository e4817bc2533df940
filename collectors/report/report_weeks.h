#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/measures/evaluate.h"
#include "collectors/report/report.h"

// The evaluated weeks that report.cc reads.
namespace usage {

// Labels and the values that a sample must have for them.
using Labels = std::vector<std::pair<std::string_view, std::string>>;

// Everything computed as of the end of one week.
class ReportWeek {
 public:
  ReportWeek(const Facts& facts, const UsageRules& rules, Instant end, TargetHistory& history);

  const Interval& window() const { return window_; }
  // The sum of all samples with these labels; nothing if there are none.
  std::optional<double> sum(std::string_view metric, const Labels& labels) const;
  // The samples with these labels, by their value of `label`.
  std::map<std::string, double> by(std::string_view label, std::string_view metric,
                                   const Labels& labels) const;
  // The mean rating of a feature or combination, from 0 to 10.
  std::optional<double> rating(const std::string& subject) const;
  const std::vector<TargetEvaluation>& evaluations() const { return verdicts_; }

 private:
  Interval window_;
  std::map<std::string, MetricFamily, std::less<>> families_;
  std::map<std::string, double> ratings_;  // by subject
  std::vector<TargetEvaluation> verdicts_;
};

// The week of a report and those before it.
class ReportWeeks {
 public:
  static constexpr int kShown = 8;     // in charts
  static constexpr int kAveraged = 4;  // before the week

  ReportWeeks(const UsageRules& rules, const IsoWeek& week);
  ReportWeeks(const ReportWeeks&) = delete;
  ReportWeeks& operator=(const ReportWeeks&) = delete;

  // Evaluates the next week, the oldest first. Returns false if it was the last.
  bool add(const Facts& facts);

  // For use after the last add(). The report's own week:
  const ReportWeek& last() const { return weeks_.back(); }
  // The oldest first.
  const std::vector<ReportWeek>& all() const { return weeks_; }

  // Reads the number of the week, if that ends after `begin`, and of the weeks that it is compared
  // with, if they lie wholly after `begin`.
  Figure figure(std::optional<Instant> begin,
                const std::function<std::optional<double>(const ReportWeek&)>& read) const;

 private:
  const UsageRules rules_;  // evaluations point into them
  const IsoWeek week_;
  TargetHistory history_;  // shared by the weeks, because their instants ascend
  std::vector<ReportWeek> weeks_;
};

}  // namespace usage
