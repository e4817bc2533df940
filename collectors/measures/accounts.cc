#include <algorithm>

#include "collectors/measures/business.h"
#include "collectors/measures/window.h"

namespace usage {

namespace {

UserSet accounts_of(Moment& moment, const Interval& interval) {
  const auto& people = moment.facts().population.attributes;
  std::vector<std::uint32_t> accounts;
  moment.active(interval).for_each([&](UserId user) {
    if (user < people.size() && people[user].account) accounts.push_back(*people[user].account);
  });
  return UserSet::of(accounts);
}

Share retained(Moment& moment, const Interval& first, const Interval& second) {
  const UserSet before = accounts_of(moment, first);
  return {common(before, accounts_of(moment, second)), before.size()};
}

// Periods in a row, the newest first, that end at or before an instant.
std::vector<Interval> periods_before(const Moment& moment, Instant end, int count) {
  const auto& period = moment.rules().business.retention->period;
  const Duration width = moment.facts().bucket_width;
  std::vector<Interval> periods;
  for (int i = 0; i < count; ++i) {
    if (period) {
      periods.push_back({end - (i + 1) * *period, end - i * *period});
      continue;
    }
    const TimeZone& zone = moment.rules().zone;
    periods.push_back(whole_buckets(zone.start_of(CalendarUnit::month, end, -i - 1),
                                    zone.start_of(CalendarUnit::month, end, -i), width));
  }
  return periods;
}

bool has_accounts(const Moment& moment) {
  return moment.rules().business.retention &&
         std::ranges::any_of(moment.facts().population.attributes,
                             [](const UserAttributes& user) { return user.account.has_value(); });
}

}  // namespace

std::optional<Instant> first_activity(const Facts& facts) {
  const auto& visits = facts.activity.buckets();
  std::optional<Instant> first;
  if (!visits.empty()) first = visits.begin()->first;
  for (const auto& [name, feature] : facts.features) {
    const auto own = feature.first_bucket();
    if (own) first = std::min(first.value_or(*own), *own);
  }
  return first;
}

std::optional<Share> account_retention(Moment& moment) {
  if (!has_accounts(moment)) return std::nullopt;
  return moment.once("account retention", [&]() -> std::optional<Share> {
    const auto periods = periods_before(moment, moment.end(), 2);
    if (!reaches_back(first_activity(moment.facts()), periods[1].from)) return std::nullopt;
    return retained(moment, periods[1], periods[0]);
  });
}

std::optional<double> account_retention_baseline(Moment& moment) {
  const auto launch = business_launch(moment);
  if (!has_accounts(moment) || !launch || *launch > moment.end()) return std::nullopt;
  const int count = moment.rules().business.retention->baseline_periods;
  const auto periods = periods_before(moment, *launch, count + 1);
  if (!reaches_back(first_activity(moment.facts()), periods.back().from)) return std::nullopt;
  double sum = 0;
  for (int i = 0; i < count; ++i) {
    const auto ratio = ratio_of(retained(moment, periods[i + 1], periods[i]));
    if (!ratio) return std::nullopt;
    sum += *ratio;
  }
  return sum / count;
}

std::optional<double> account_retention_gain(Moment& moment) {
  const auto share = account_retention(moment);
  const auto ratio = share ? ratio_of(*share) : std::nullopt;
  const auto baseline = account_retention_baseline(moment);
  return ratio && baseline ? std::optional(*ratio - *baseline) : std::nullopt;
}

void account_retention_cohort(Moment& moment, const std::string&, MetricFamily& family) {
  const auto share = account_retention(moment);
  if (share) add_sample(family, {}, static_cast<double>(share->denominator));
}

void account_retention_retained(Moment& moment, const std::string&, MetricFamily& family) {
  const auto share = account_retention(moment);
  if (share) add_sample(family, {}, static_cast<double>(share->numerator));
}

void account_retention_ratio(Moment& moment, const std::string&, MetricFamily& family) {
  const auto share = account_retention(moment);
  const auto ratio = share ? ratio_of(*share) : std::nullopt;
  if (ratio) add_sample(family, {}, *ratio);
}

void account_retention_baseline_ratio(Moment& moment, const std::string&, MetricFamily& family) {
  if (const auto baseline = account_retention_baseline(moment)) add_sample(family, {}, *baseline);
}

void account_retention_change(Moment& moment, const std::string&, MetricFamily& family) {
  if (const auto gain = account_retention_gain(moment)) add_sample(family, {}, *gain);
}

}  // namespace usage
