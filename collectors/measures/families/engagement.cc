#include "collectors/measures/families/engagement.h"

#include <algorithm>

#include "collectors/measures/context/privacy.h"

namespace usage {

namespace {

constexpr int kDays = 28;

using PeopleIn = std::function<const IdSet&(const Interval&)>;

// Mean people per day over the last `count` complete local days / distinct people of those days.
std::optional<double> daily_share(const std::vector<Interval>& days, std::size_t count,
                                  const PeopleIn& people) {
  std::uint64_t person_days = 0;
  IdSet all;
  for (std::size_t i = 0; i < count; ++i) {
    const IdSet& daily = people(days[i]);
    person_days += daily.size();
    all |= daily;
  }
  return ratio_of(person_days, all.size() * count);
}

void add_stickiness(EvaluationContext& context, const std::vector<std::string>& labels,
                    MetricFamily& family, const PeopleIn& people) {
  const std::vector<Interval> days = context.closed(CalendarUnit::day, kDays);
  for (const auto& [name, count] : {std::pair("dau_wau", 7), std::pair("dau_mau", kDays)}) {
    const auto share = daily_share(days, static_cast<std::size_t>(count), people);
    if (!share) continue;
    std::vector<std::string> all = labels;
    all.push_back(name);
    add_sample(family, std::move(all), *share);
  }
}

// Adds the cells of one breakdown that k-anonymity does not hide.
void add_cells(EvaluationContext& context, const std::string& feature, MetricFamily& family,
               const std::vector<std::string>& names, const std::vector<IdSet>& cells) {
  const std::vector<bool> hidden = hidden_cells(cells, context.rules().k_anonymity);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!hidden[i]) {
      add_sample(family, {feature, names[i]}, static_cast<double>(cells[i].size()));
    }
  }
  context.count_suppressed(feature, static_cast<std::size_t>(std::ranges::count(hidden, true)));
}

std::vector<IdSet> group_by_active_days(EvaluationContext& context, const std::string& feature) {
  std::vector<std::uint8_t> days_of(context.facts().users.size());
  const std::vector<Interval> days = context.closed(CalendarUnit::day, kDays);
  const IdSet& left_out = context.not_counted(days.front().to);
  for (const Interval& day : days) {
    (context.users(feature, day) - left_out).for_each([&](UserId user) { ++days_of[user]; });
  }
  std::vector<std::vector<UserId>> ids(kDays + 1);
  for (std::size_t user = 0; user < days_of.size(); ++user) {
    if (days_of[user] > 0) ids[days_of[user]].push_back(static_cast<UserId>(user));
  }
  std::vector<IdSet> by_days;
  for (const auto& of_days : ids) by_days.push_back(IdSet::of(of_days));
  return by_days;
}

constexpr Memo<std::vector<IdSet>> kByActiveDays;

// Users by the number of days with a use among the last 28 complete local days. [0] is empty.
const std::vector<IdSet>& users_by_active_days(EvaluationContext& context,
                                               const std::string& feature) {
  return context.once(kByActiveDays, feature,
                      [&] { return group_by_active_days(context, feature); });
}

void stickiness(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_stickiness(context, {feature}, family,
                 [&](const Interval& day) -> const IdSet& { return context.users(feature, day); });
}

void product_stickiness(EvaluationContext& context, const std::string&, MetricFamily& family) {
  add_stickiness(context, {}, family,
                 [&](const Interval& day) -> const IdSet& { return context.active(day); });
}

void active_days(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  std::vector<IdSet> cells = users_by_active_days(context, feature);
  cells.erase(cells.begin());
  std::vector<std::string> names;
  for (int days = 1; days <= kDays; ++days) names.push_back(std::to_string(days));
  add_cells(context, feature, family, names, cells);
}

void segments(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  const FeatureRules& rules = context.feature_rules(feature);
  IdSet power, core, casual, never;
  const std::vector<IdSet>& by_days = users_by_active_days(context, feature);
  for (int days = 1; days <= kDays; ++days) {
    const bool is_power = days >= rules.power_min_active_days;
    const bool is_core = days >= rules.core_min_active_days;
    (is_power ? power : is_core ? core : casual) |= by_days[static_cast<std::size_t>(days)];
  }
  const std::vector<Interval> days = context.closed(CalendarUnit::day, kDays);
  const Instant end = days.front().to;
  for (const Interval& day : days) never |= context.active(day);
  never -= context.not_counted(end);
  never -= context.users(feature, context.ever(feature, end));
  add_cells(context, feature, family, {"power", "core", "casual", "never"},
            {power, core, casual, never});
}

void at_risk(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  const FeatureRules& rules = context.feature_rules(feature);
  const auto periods = static_cast<int>(rules.at_risk_was_regular_within / rules.regular_period);
  const Interval silence = context.last(rules.at_risk_silent_for);
  const IdSet silent = regular_users(context, feature, periods, rules.at_risk_silent_for) -
                       context.users(feature, silence) - context.not_counted(silence.to);
  const IdSet& active = context.active(silence);
  add_cells(context, feature, family, {"true", "false"}, {silent & active, silent - active});
}

constexpr Measure kEngagementMeasures[] = {
    row("usage_stickiness_ratio", kGauge, "ratio", {"feature", "ratio"}, has_users, stickiness,
        "Mean users of the feature per local day / its distinct users, over the last 7 (dau_wau) "
        "or 28 (dau_mau) complete local days."),
    row("usage_product_stickiness_ratio", kGauge, "ratio", {"ratio"}, kOnce, product_stickiness,
        "Mean active users per local day / distinct active users, over the last 7 (dau_wau) or 28 "
        "(dau_mau) complete local days."),
    row("usage_l28_users", kGauge, "", {"feature", "days"}, has_users, active_days,
        "Users with a success on exactly so many of the last 28 complete local days. Absent where "
        "it is about fewer than k people, or could be computed."),
    row("usage_segment_users", kGauge, "", {"feature", "segment"}, has_users, segments,
        "Users by days with a success among the last 28 complete local days: power (8 or more "
        "unless configured), core (4 or more), casual (1 or more); never: active in the product on "
        "these days, without a success ever. Absent where it is about fewer than k people, or "
        "could be computed."),
    row("usage_at_risk_users", kGauge, "", {"feature", "product_active"}, has_users, at_risk,
        "Users who were regular in the 28 days before, silent for the last 14 days (unless "
        "configured), by whether they were active in the product meanwhile. Absent where it is "
        "about fewer than k people, or could be computed."),
};

}  // namespace

std::span<const Measure> engagement_measures() { return kEngagementMeasures; }

IdSet in_at_least(int least, std::span<const IdSet> sets) {
  if (least <= 0) return {};
  std::vector<IdSet> in(static_cast<std::size_t>(least));  // [i]: in more than i sets so far
  for (const IdSet& set : sets) {
    for (std::size_t i = in.size() - 1; i > 0; --i) in[i] |= in[i - 1] & set;
    in[0] |= set;
  }
  return in.back();
}

IdSet regular_users(EvaluationContext& context, const std::string& feature, int of_periods,
                    Duration ago) {
  const FeatureRules& rules = context.feature_rules(feature);
  std::vector<IdSet> periods;
  for (const Interval& period : context.periods(rules.regular_period, of_periods, ago)) {
    periods.push_back(context.users(feature, period));
  }
  return in_at_least(rules.regular_min_periods, periods);
}

std::optional<Instant> first_regular_at(const EvaluationContext& context,
                                        const std::string& feature) {
  const auto begin = context.begin_of(feature);
  if (!begin) return std::nullopt;
  const FeatureRules& rules = context.feature_rules(feature);
  return *begin + rules.regular_min_periods * rules.regular_period;
}

}  // namespace usage
