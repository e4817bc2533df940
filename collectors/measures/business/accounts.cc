#include "collectors/measures/business/accounts.h"

#include <algorithm>

#include "collectors/measures/business/baseline.h"
#include "collectors/measures/context/window.h"

namespace usage {

namespace {

IdSet accounts_of(EvaluationContext& context, const Interval& interval) {
  const auto& people = context.facts().population.attributes;
  std::vector<std::uint32_t> accounts;
  context.active(interval).for_each([&](UserId user) {
    if (user < people.size() && people[user].account) accounts.push_back(*people[user].account);
  });
  return IdSet::of(accounts);
}

Share retained(EvaluationContext& context, const Interval& first, const Interval& second) {
  const IdSet before = accounts_of(context, first);
  return {common(before, accounts_of(context, second)), before.size()};
}

// `count` consecutive periods that end at or before `end`, the newest first.
std::vector<Interval> periods_before(const EvaluationContext& context, Instant end, int count) {
  const auto& period = context.rules().business.retention->period;
  const Duration width = context.facts().bucket_width;
  std::vector<Interval> periods;
  for (int i = 0; i < count; ++i) {
    if (period) {
      periods.push_back({end - (i + 1) * *period, end - i * *period});
      continue;
    }
    const TimeZone& zone = context.rules().zone;
    periods.push_back(whole_buckets(zone.start_of(CalendarUnit::month, end, -i - 1),
                                    zone.start_of(CalendarUnit::month, end, -i), width));
  }
  return periods;
}

bool has_accounts(const EvaluationContext& context) {
  return context.rules().business.retention &&
         std::ranges::any_of(context.facts().population.attributes,
                             [](const UserAttributes& user) { return user.account.has_value(); });
}

constexpr Memo<std::optional<Share>> kRetention;

std::optional<Share> account_retention(EvaluationContext& context) {
  if (!has_accounts(context)) return std::nullopt;
  return context.once(kRetention, "", [&]() -> std::optional<Share> {
    const auto periods = periods_before(context, context.end(), 2);
    if (!reaches_back(first_activity(context.facts()), periods[1].from)) return std::nullopt;
    return retained(context, periods[1], periods[0]);
  });
}

std::optional<double> account_retention_baseline(EvaluationContext& context) {
  const auto launch = business_launch(context);
  if (!has_accounts(context) || !launch || *launch > context.end()) return std::nullopt;
  const int count = context.rules().business.retention->baseline_periods;
  const auto periods = periods_before(context, *launch, count + 1);
  if (!reaches_back(first_activity(context.facts()), periods.back().from)) return std::nullopt;
  double sum = 0;
  for (int i = 0; i < count; ++i) {
    const auto ratio = ratio_of(retained(context, periods[i + 1], periods[i]));
    if (!ratio) return std::nullopt;
    sum += *ratio;
  }
  return sum / count;
}

void account_retention_cohort(EvaluationContext& context, const std::string&,
                              MetricFamily& family) {
  const auto share = account_retention(context);
  if (share) add_sample(family, {}, static_cast<double>(share->denominator));
}

void account_retention_retained(EvaluationContext& context, const std::string&,
                                MetricFamily& family) {
  const auto share = account_retention(context);
  if (share) add_sample(family, {}, static_cast<double>(share->numerator));
}

void account_retention_ratio(EvaluationContext& context, const std::string&, MetricFamily& family) {
  const auto share = account_retention(context);
  const auto ratio = share ? ratio_of(*share) : std::nullopt;
  if (ratio) add_sample(family, {}, *ratio);
}

void account_retention_baseline_ratio(EvaluationContext& context, const std::string&,
                                      MetricFamily& family) {
  if (const auto baseline = account_retention_baseline(context)) add_sample(family, {}, *baseline);
}

void account_retention_change(EvaluationContext& context, const std::string&,
                              MetricFamily& family) {
  if (const auto gain = account_retention_gain(context)) add_sample(family, {}, *gain);
}

constexpr Measure kAccountMeasures[] = {
    row("usage_account_retention_cohort_accounts", kGauge, "", {}, kOnce, account_retention_cohort,
        "Accounts with an active user in the period before the last one; a period is a calendar "
        "month unless configured."),
    row("usage_account_retention_retained_accounts", kGauge, "", {}, kOnce,
        account_retention_retained,
        "Accounts of usage_account_retention_cohort_accounts with an active user in the last "
        "period too."),
    row("usage_account_retention_ratio", kGauge, "ratio", {}, kOnce, account_retention_ratio,
        "Accounts active in the last complete period and in the one before / accounts active in "
        "the one before.",
        {"usage_account_retention_retained_accounts", "usage_account_retention_cohort_accounts"}),
    row("usage_account_retention_baseline_ratio", kGauge, "ratio", {}, kOnce,
        account_retention_baseline_ratio,
        "Accounts active in a period and in the next / accounts active in the first of them: the "
        "mean over the last periods (3 unless configured) that ended before the launch. Absent if "
        "the tables begin later."),
    row("usage_account_retention_change", kGauge, "", {}, kOnce, account_retention_change,
        "usage_account_retention_ratio less usage_account_retention_baseline_ratio: 0.02 are two "
        "percentage points."),
};

}  // namespace

std::span<const Measure> account_measures() { return kAccountMeasures; }

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

std::optional<double> account_retention_gain(EvaluationContext& context) {
  const auto share = account_retention(context);
  const auto ratio = share ? ratio_of(*share) : std::nullopt;
  const auto baseline = account_retention_baseline(context);
  return ratio && baseline ? std::optional(*ratio - *baseline) : std::nullopt;
}

}  // namespace usage
