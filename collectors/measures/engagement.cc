#include <algorithm>

#include "collectors/measures/families.h"
#include "collectors/measures/privacy.h"

namespace usage {

namespace {

constexpr int kDays = 28;

using PeopleIn = std::function<const UserSet&(const Interval&)>;

// The mean of daily people over the last complete local days, by all the people of those days.
std::optional<double> daily_share(const std::vector<Interval>& days, std::size_t count,
                                  const PeopleIn& people) {
  std::uint64_t person_days = 0;
  UserSet all;
  for (std::size_t i = 0; i < count; ++i) {
    const UserSet& daily = people(days[i]);
    person_days += daily.size();
    all |= daily;
  }
  return ratio_of(person_days, all.size() * count);
}

void add_stickiness(Moment& moment, const std::vector<std::string>& labels, MetricFamily& family,
                    const PeopleIn& people) {
  const std::vector<Interval> days = moment.closed(CalendarUnit::day, kDays);
  for (const auto& [name, count] : {std::pair("dau_wau", 7), std::pair("dau_mau", kDays)}) {
    const auto share = daily_share(days, static_cast<std::size_t>(count), people);
    if (!share) continue;
    std::vector<std::string> all = labels;
    all.push_back(name);
    add_sample(family, std::move(all), *share);
  }
}

// Cells of one breakdown, less what k-anonymity hides.
void add_cells(Moment& moment, const std::string& feature, MetricFamily& family,
               const std::vector<std::string>& names, const std::vector<UserSet>& cells) {
  const std::vector<bool> hidden = hidden_cells(cells, moment.rules().k_anonymity);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!hidden[i]) {
      add_sample(family, {feature, names[i]}, static_cast<double>(cells[i].size()));
    }
  }
  moment.count_suppressed(feature, static_cast<std::size_t>(std::ranges::count(hidden, true)));
}

std::vector<UserSet> group_by_active_days(Moment& moment, const std::string& feature) {
  std::vector<std::uint8_t> days_of(moment.facts().users.size());
  const std::vector<Interval> days = moment.closed(CalendarUnit::day, kDays);
  const UserSet& left_out = moment.not_counted(days.front().to);
  for (const Interval& day : days) {
    (moment.users(feature, day) - left_out).for_each([&](UserId user) { ++days_of[user]; });
  }
  std::vector<std::vector<UserId>> ids(kDays + 1);
  for (std::size_t user = 0; user < days_of.size(); ++user) {
    if (days_of[user] > 0) ids[days_of[user]].push_back(static_cast<UserId>(user));
  }
  std::vector<UserSet> by_days;
  for (const auto& of_days : ids) by_days.push_back(UserSet::of(of_days));
  return by_days;
}

}  // namespace

UserSet in_at_least(int least, std::span<const UserSet> sets) {
  if (least <= 0) return {};
  std::vector<UserSet> in(static_cast<std::size_t>(least));  // [i]: in more than i so far
  for (const UserSet& set : sets) {
    for (std::size_t i = in.size() - 1; i > 0; --i) in[i] |= in[i - 1] & set;
    in[0] |= set;
  }
  return in.back();
}

UserSet regular_users(Moment& moment, const std::string& feature, int of_periods, Duration ago) {
  const FeatureRules& rules = moment.feature_rules(feature);
  std::vector<UserSet> periods;
  for (const Interval& period : moment.periods(rules.regular_period, of_periods, ago)) {
    periods.push_back(moment.users(feature, period));
  }
  return in_at_least(rules.regular_min_periods, periods);
}

std::optional<Instant> first_regular_at(const Moment& moment, const std::string& feature) {
  const auto begin = moment.begin_of(feature);
  if (!begin) return std::nullopt;
  const FeatureRules& rules = moment.feature_rules(feature);
  return *begin + rules.regular_min_periods * rules.regular_period;
}

const std::vector<UserSet>& users_by_active_days(Moment& moment, const std::string& feature) {
  return moment.once("users by active days of " + feature,
                     [&] { return group_by_active_days(moment, feature); });
}

void stickiness(Moment& moment, const std::string& feature, MetricFamily& family) {
  add_stickiness(moment, {feature}, family,
                 [&](const Interval& day) -> const UserSet& { return moment.users(feature, day); });
}

void product_stickiness(Moment& moment, const std::string&, MetricFamily& family) {
  add_stickiness(moment, {}, family,
                 [&](const Interval& day) -> const UserSet& { return moment.active(day); });
}

void active_days(Moment& moment, const std::string& feature, MetricFamily& family) {
  std::vector<UserSet> cells = users_by_active_days(moment, feature);
  cells.erase(cells.begin());
  std::vector<std::string> names;
  for (int days = 1; days <= kDays; ++days) names.push_back(std::to_string(days));
  add_cells(moment, feature, family, names, cells);
}

void segments(Moment& moment, const std::string& feature, MetricFamily& family) {
  const FeatureRules& rules = moment.feature_rules(feature);
  UserSet power, core, casual, never;
  const std::vector<UserSet>& by_days = users_by_active_days(moment, feature);
  for (int days = 1; days <= kDays; ++days) {
    const bool is_power = days >= rules.power_min_active_days;
    const bool is_core = days >= rules.core_min_active_days;
    (is_power ? power : is_core ? core : casual) |= by_days[static_cast<std::size_t>(days)];
  }
  const std::vector<Interval> days = moment.closed(CalendarUnit::day, kDays);
  const Instant end = days.front().to;
  for (const Interval& day : days) never |= moment.active(day);
  never -= moment.not_counted(end);
  never -= moment.users(feature, moment.ever(feature, end));
  add_cells(moment, feature, family, {"power", "core", "casual", "never"},
            {power, core, casual, never});
}

void at_risk(Moment& moment, const std::string& feature, MetricFamily& family) {
  const FeatureRules& rules = moment.feature_rules(feature);
  const auto periods = static_cast<int>(rules.at_risk_was_regular_within / rules.regular_period);
  const Interval silence = moment.last(rules.at_risk_silent_for);
  const UserSet silent = regular_users(moment, feature, periods, rules.at_risk_silent_for) -
                         moment.users(feature, silence) - moment.not_counted(silence.to);
  const UserSet& active = moment.active(silence);
  add_cells(moment, feature, family, {"true", "false"}, {silent & active, silent - active});
}

}  // namespace usage
