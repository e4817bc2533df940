#include "collectors/measures/business/tickets.h"

#include <algorithm>

#include "collectors/measures/business/baseline.h"
#include "collectors/measures/context/window.h"
#include "collectors/measures/families/counters.h"

namespace usage {

namespace {

constexpr std::chrono::weeks kWeek{1};

const TicketRules* rules_of(const EvaluationContext& context) {
  const auto& rules = context.rules().business.tickets;
  return rules && context.facts().auxiliary_tables.contains(auxiliary::kTickets) ? &*rules
                                                                                 : nullptr;
}

// Tickets of a category; of all watched ones if it is empty.
std::uint64_t count(EvaluationContext& context, const Interval& interval,
                    const std::string& category) {
  const IdMap& names = context.feature(auxiliary::kTickets).names().dimensions.front();
  const std::vector<std::string>& watched = rules_of(context)->watch;
  std::uint64_t found = 0;
  for (const auto& [value, summary] :
       context.summary(auxiliary::kTickets, interval).dimensions.front()) {
    if (value == FeatureNames::kOverflow) continue;
    const std::string_view name = names.text(value);
    const bool wanted = category.empty() ? std::ranges::count(watched, name) > 0 : name == category;
    if (wanted) found += summary.uses;
  }
  return found;
}

std::uint64_t all(EvaluationContext& context, const Interval& interval) {
  return context.summary(auxiliary::kTickets, interval).uses;
}

// The sum of the active users of each week. Tickets are divided by it, so that growth does not look
// like trouble.
std::uint64_t weekly_active(EvaluationContext& context, const Interval& interval) {
  std::uint64_t sum = 0;
  for (Instant to = interval.to; to - kWeek >= interval.from; to -= kWeek) {
    sum += context.active({to - kWeek, to}).size();
  }
  return sum;
}

std::optional<Interval> baseline_of(const EvaluationContext& context) {
  const auto launch = business_launch(context);
  if (!launch || *launch > context.end()) return std::nullopt;
  const Interval before{*launch - rules_of(context)->baseline, *launch};
  return reaches_back(context.feature(auxiliary::kTickets).first_bucket(), before.from)
             ? std::optional(before)
             : std::nullopt;
}

// Tickets per week, or per active user and week.
std::optional<double> rate(EvaluationContext& context, const Interval& interval,
                           const std::string& category) {
  const auto tickets = static_cast<double>(count(context, interval, category));
  if (!rules_of(context)->per_active_user) {
    return tickets / (seconds(interval.to - interval.from) / seconds(kWeek));
  }
  const std::uint64_t people = weekly_active(context, interval);
  return people == 0 ? std::nullopt : std::optional(tickets / static_cast<double>(people));
}

void tickets(EvaluationContext& context, const std::string&, MetricFamily& family) {
  if (rules_of(context) == nullptr) return;
  for (const Window& window : context.rules().windows) {
    const Interval interval = context.bounds(window);
    for (const std::string& category : rules_of(context)->watch) {
      add_sample(family, {category, window.label},
                 static_cast<double>(count(context, interval, category)));
    }
    add_sample(family, {kOther, window.label},
               static_cast<double>(all(context, interval) - count(context, interval, "")));
  }
}

void ticket_baselines(EvaluationContext& context, const std::string&, MetricFamily& family) {
  if (rules_of(context) == nullptr) return;
  for (const std::string& category : rules_of(context)->watch) {
    const auto baseline = ticket_baseline_per_week(context, category);
    if (baseline && *baseline > 0) add_sample(family, {category}, *baseline);
  }
}

void ticket_reductions(EvaluationContext& context, const std::string&, MetricFamily& family) {
  if (rules_of(context) == nullptr) return;
  for (const std::string& category : rules_of(context)->watch) {
    if (const auto ratio = ticket_reduction(context, category))
      add_sample(family, {category}, *ratio);
  }
}

void feedback_total(EvaluationContext& context, const std::string&, MetricFamily& family) {
  const auto& themes = context.rules().business.feedback_themes;
  if (!themes || !context.facts().auxiliary_tables.contains(auxiliary::kFeedback)) return;
  set_created(context, auxiliary::kFeedback, family);
  const FeatureCounters counters = counters_of(context, auxiliary::kFeedback);
  const IdMap& names = context.feature(auxiliary::kFeedback).names().dimensions.front();
  std::map<std::string, std::uint64_t> by_theme;
  for (const std::string& theme : *themes) by_theme[theme] = 0;
  by_theme.try_emplace(kOther, 0);
  for (const auto& [value, count] : counters.dimensions.front()) {
    const std::string name(value == FeatureNames::kOverflow ? "" : names.text(value));
    const auto known = by_theme.find(name);
    (known != by_theme.end() ? known->second : by_theme[kOther]) += count;
  }
  for (const auto& [theme, count] : by_theme) {
    add_sample(family, {theme}, static_cast<double>(count));
  }
}

constexpr Measure kTicketMeasures[] = {
    row("usage_tickets", kGauge, "", {"category", "window"}, kOnce, tickets,
        "Support tickets opened in the window; categories that are not watched are \"other\"."),
    row("usage_tickets_baseline_per_week", kGauge, "", {"category"}, kOnce, ticket_baselines,
        "Support tickets opened in the 8 weeks (unless configured) before the launch / these "
        "weeks. Absent if there was none, or the table begins later."),
    row("usage_ticket_reduction_ratio", kGauge, "ratio", {"category"}, kOnce, ticket_reductions,
        "1 less the tickets per week of the last 4 weeks / those of the 8 weeks before the launch "
        "(unless configured); if configured, tickets per active user and week. Absent until all of "
        "the last weeks lie after the launch."),
    row("usage_feedback_total", kCounter, "", {"theme"}, kOnce, feedback_total,
        "Messages of feedback counted since the exporter knows the table; themes that are not "
        "listed are \"other\"."),
};

}  // namespace

std::span<const Measure> ticket_measures() { return kTicketMeasures; }

std::uint64_t watched_tickets(EvaluationContext& context, const Interval& interval) {
  return count(context, interval, "");
}

std::optional<double> ticket_baseline_per_week(EvaluationContext& context,
                                               const std::string& category) {
  if (rules_of(context) == nullptr) return std::nullopt;
  const auto before = baseline_of(context);
  if (!before) return std::nullopt;
  return static_cast<double>(count(context, *before, category)) /
         (seconds(before->to - before->from) / seconds(kWeek));
}

std::optional<double> ticket_reduction(EvaluationContext& context, const std::string& category) {
  const TicketRules* rules = rules_of(context);
  const auto before = rules != nullptr ? baseline_of(context) : std::nullopt;
  if (!before) return std::nullopt;
  const Interval now = context.last(rules->compare);
  if (now.from < before->to) return std::nullopt;
  const auto was = rate(context, *before, category), is = rate(context, now, category);
  return was && is && *was > 0 ? std::optional(1 - *is / *was) : std::nullopt;
}

}  // namespace usage
