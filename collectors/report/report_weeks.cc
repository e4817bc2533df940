#include "collectors/report/report_weeks.h"

#include <algorithm>

#include "collectors/measures/business/ratings.h"
#include "collectors/measures/context/window.h"

namespace usage {

namespace {

bool has_labels(const MetricFamily& family, const Sample& sample, const Labels& labels) {
  return std::ranges::all_of(labels, [&](const auto& wanted) {
    const auto name = std::ranges::find(family.label_names, wanted.first);
    return name != family.label_names.end() &&
           sample.labels[static_cast<std::size_t>(name - family.label_names.begin())] ==
               wanted.second;
  });
}

// Rules with the complete week and the windows of targets alone: measures look back as far as the
// longest window. Lifts the limit of series, which is the page's.
UsageRules rules_of_report(const UsageRules& rules) {
  UsageRules own = rules;
  own.windows = {{"last_week", std::nullopt, CalendarUnit::week, -1}};
  for (const Target& target : rules.targets) {
    if (target.window && std::ranges::count(own.windows, *target.window) == 0) {
      own.windows.push_back(*target.window);
    }
  }
  own.max_series = 1'000'000;
  return own;
}

}  // namespace

ReportWeek::ReportWeek(const Facts& facts, const UsageRules& rules, Instant end,
                       TargetHistory& history) {
  EvaluationContext context(facts, rules, end, false);
  window_ = context.bounds(rules.windows.front());
  std::set<std::string> features;
  for (const auto& [name, feature] : facts.features) features.insert(name);
  for (const Combination& combination : rules.combinations) {
    if (const auto score = rating_score(context, combination.name)) {
      ratings_[combination.name] = score->sum / static_cast<double>(score->ratings);
    }
  }
  Evaluation evaluation = evaluate(facts, rules, end, false, features, true, &history);
  verdicts_ = std::move(evaluation.evaluations);
  for (MetricFamily& family : evaluation.metrics) {
    families_.emplace(family.name, std::move(family));
  }
  for (const auto& [feature, score] : by("feature", "usage_rating_score", {})) {
    ratings_[feature] = score;
  }
}

std::optional<double> ReportWeek::sum(std::string_view metric, const Labels& labels) const {
  const auto family = families_.find(metric);
  if (family == families_.end()) return std::nullopt;
  std::optional<double> sum;
  for (const Sample& sample : family->second.samples) {
    if (has_labels(family->second, sample, labels)) sum = sum.value_or(0) + sample.value;
  }
  return sum;
}

std::map<std::string, double> ReportWeek::by(std::string_view label, std::string_view metric,
                                             const Labels& labels) const {
  std::map<std::string, double> values;
  const auto family = families_.find(metric);
  if (family == families_.end()) return values;
  const auto name = std::ranges::find(family->second.label_names, label);
  for (const Sample& sample : family->second.samples) {
    if (has_labels(family->second, sample, labels)) {
      values[sample.labels[static_cast<std::size_t>(name - family->second.label_names.begin())]] =
          sample.value;
    }
  }
  return values;
}

std::optional<double> ReportWeek::rating(const std::string& subject) const {
  const auto found = ratings_.find(subject);
  return found == ratings_.end() ? std::nullopt : std::optional(found->second);
}

ReportWeeks::ReportWeeks(const UsageRules& rules, const IsoWeek& week)
    : rules_(rules_of_report(rules)), week_(week) {}

bool ReportWeeks::add(const Facts& facts) {
  const int ago = kShown - 1 - static_cast<int>(weeks_.size());
  const Instant end = start_of(week_, rules_.zone, 1 - ago);
  // A week may end within a bucket: the next edge covers it whole.
  weeks_.emplace_back(facts, rules_, edge_at_or_after(end, facts.bucket_width), history_);
  return ago > 0;
}

Figure ReportWeeks::figure(
    std::optional<Instant> begin,
    const std::function<std::optional<double>(const ReportWeek&)>& read) const {
  Figure figure;
  if (!begin || last().window().to <= *begin) return figure;
  figure.value = read(last());
  double sum = 0;
  bool all = true;
  for (std::size_t ago = 1; ago <= kAveraged; ++ago) {
    const ReportWeek& before = weeks_[weeks_.size() - 1 - ago];
    const auto value = before.window().from >= *begin ? read(before) : std::nullopt;
    if (ago == 1) figure.week_before = value;
    all = all && value;
    sum += value.value_or(0);
  }
  if (all) figure.four_weeks_mean = sum / kAveraged;
  return figure;
}

}  // namespace usage
