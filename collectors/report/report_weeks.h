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

// What report.cc is made of.
namespace usage {

// Labels with the values that a sample must have.
using Labels = std::vector<std::pair<std::string_view, std::string>>;

// Everything that was computed as of the end of one week.
class ReportWeek {
 public:
  ReportWeek(const Facts& facts, const UsageRules& rules, Instant end, TargetHistory& history);

  const Interval& window() const { return window_; }
  // Of all samples with these labels the sum; nothing if there is none.
  std::optional<double> sum(std::string_view metric, const Labels& labels) const;
  // By the values of `label`.
  std::map<std::string, double> by(std::string_view label, std::string_view metric,
                                   const Labels& labels) const;
  // The mean of what people gave a feature, or the features of a combination.
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

  // Evaluates the next of its weeks, the oldest first; false: that was the last one.
  bool add(const Facts& facts);

  // What follows is of all weeks. The week's own:
  const ReportWeek& last() const { return weeks_.back(); }
  // The oldest first.
  const std::vector<ReportWeek>& all() const { return weeks_; }

  // `read` of the weeks of which it is known: the week itself if it ends after `begin`, those that
  // it is compared with if they are of it altogether.
  Figure figure(std::optional<Instant> begin,
                const std::function<std::optional<double>(const ReportWeek&)>& read) const;

 private:
  const UsageRules rules_;  // which evaluations point into
  const IsoWeek week_;
  TargetHistory history_;  // from week to week, as the instants rise
  std::vector<ReportWeek> weeks_;
};

}  // namespace usage
