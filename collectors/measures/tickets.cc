#include <algorithm>

#include "collectors/measures/breakdown.h"
#include "collectors/measures/business.h"
#include "collectors/measures/window.h"

namespace usage {

namespace {

constexpr std::chrono::weeks kWeek{1};

const TicketRules* rules_of(const Moment& moment) {
  const auto& rules = moment.rules().business.tickets;
  return rules && moment.facts().records.contains(record::kTickets) ? &*rules : nullptr;
}

// Of a category; of all that are watched if it is empty.
std::uint64_t count(Moment& moment, const Interval& interval, const std::string& category) {
  const Directory& names = moment.feature(record::kTickets).names().dimensions.front();
  const std::vector<std::string>& watched = rules_of(moment)->watch;
  std::uint64_t found = 0;
  for (const auto& [value, done] : moment.done(record::kTickets, interval).dimensions.front()) {
    if (value == FeatureNames::kOverflow) continue;
    const std::string_view name = names.text(value);
    const bool wanted = category.empty() ? std::ranges::count(watched, name) > 0 : name == category;
    if (wanted) found += done.uses;
  }
  return found;
}

std::uint64_t all(Moment& moment, const Interval& interval) {
  return moment.done(record::kTickets, interval).uses;
}

// The sum of the active users of every week: what tickets are divided by, so that more users are
// not more trouble.
std::uint64_t weekly_active(Moment& moment, const Interval& interval) {
  std::uint64_t sum = 0;
  for (Instant to = interval.to; to - kWeek >= interval.from; to -= kWeek) {
    sum += moment.active({to - kWeek, to}).size();
  }
  return sum;
}

std::optional<Interval> baseline_of(const Moment& moment) {
  const auto launch = business_launch(moment);
  if (!launch || *launch > moment.end()) return std::nullopt;
  const Interval before{*launch - rules_of(moment)->baseline, *launch};
  return reaches_back(moment.feature(record::kTickets).first_bucket(), before.from)
             ? std::optional(before)
             : std::nullopt;
}

// Tickets per week, or per active user and week.
std::optional<double> rate(Moment& moment, const Interval& interval, const std::string& category) {
  const auto tickets = static_cast<double>(count(moment, interval, category));
  if (!rules_of(moment)->per_active_user) {
    return tickets / (seconds(interval.to - interval.from) / seconds(kWeek));
  }
  const std::uint64_t people = weekly_active(moment, interval);
  return people == 0 ? std::nullopt : std::optional(tickets / static_cast<double>(people));
}

}  // namespace

std::optional<Instant> business_launch(const Moment& moment) {
  std::optional<Instant> first = moment.rules().business.launched_at;
  if (!first) {
    for (const auto& [name, rules] : moment.rules().features) {
      if (rules.launched_at)
        first = std::min(first.value_or(*rules.launched_at), *rules.launched_at);
    }
  }
  return first ? std::optional(edge_at_or_after(*first, moment.facts().bucket_width))
               : std::nullopt;
}

bool reaches_back(std::optional<Instant> first_bucket, Instant from) {
  return first_bucket && *first_bucket <= from + kWeek;
}

std::uint64_t watched_tickets(Moment& moment, const Interval& interval) {
  return count(moment, interval, "");
}

std::optional<double> ticket_baseline_per_week(Moment& moment, const std::string& category) {
  if (rules_of(moment) == nullptr) return std::nullopt;
  const auto before = baseline_of(moment);
  if (!before) return std::nullopt;
  return static_cast<double>(count(moment, *before, category)) /
         (seconds(before->to - before->from) / seconds(kWeek));
}

std::optional<double> ticket_reduction(Moment& moment, const std::string& category) {
  const TicketRules* rules = rules_of(moment);
  const auto before = rules != nullptr ? baseline_of(moment) : std::nullopt;
  if (!before) return std::nullopt;
  const Interval now = moment.last(rules->compare);
  if (now.from < before->to) return std::nullopt;
  const auto was = rate(moment, *before, category), is = rate(moment, now, category);
  return was && is && *was > 0 ? std::optional(1 - *is / *was) : std::nullopt;
}

void tickets(Moment& moment, const std::string&, MetricFamily& family) {
  if (rules_of(moment) == nullptr) return;
  for (const Window& window : moment.rules().windows) {
    const Interval interval = moment.bounds(window);
    for (const std::string& category : rules_of(moment)->watch) {
      add_sample(family, {category, window.label},
                 static_cast<double>(count(moment, interval, category)));
    }
    add_sample(family, {kOther, window.label},
               static_cast<double>(all(moment, interval) - count(moment, interval, "")));
  }
}

void ticket_baselines(Moment& moment, const std::string&, MetricFamily& family) {
  if (rules_of(moment) == nullptr) return;
  for (const std::string& category : rules_of(moment)->watch) {
    const auto baseline = ticket_baseline_per_week(moment, category);
    if (baseline && *baseline > 0) add_sample(family, {category}, *baseline);
  }
}

void ticket_reductions(Moment& moment, const std::string&, MetricFamily& family) {
  if (rules_of(moment) == nullptr) return;
  for (const std::string& category : rules_of(moment)->watch) {
    if (const auto ratio = ticket_reduction(moment, category))
      add_sample(family, {category}, *ratio);
  }
}

void feedback_total(Moment& moment, const std::string&, MetricFamily& family) {
  const auto& themes = moment.rules().business.feedback_themes;
  if (!themes || !moment.facts().records.contains(record::kFeedback)) return;
  set_created(moment, record::kFeedback, family);
  const FeatureCounters counters = counters_of(moment, record::kFeedback);
  const Directory& names = moment.feature(record::kFeedback).names().dimensions.front();
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

}  // namespace usage
