#include "collectors/measures/business/value.h"

#include <algorithm>

#include "collectors/measures/business/baseline.h"
#include "collectors/measures/business/tickets.h"
#include "collectors/measures/context/window.h"

namespace usage {

namespace {

constexpr Duration kMonth = std::chrono::months(1);  // of mean length
constexpr Duration kRecentWeeks = std::chrono::days(28);
constexpr char kTicketAvoided[] = "ticket_avoided";

using VisitStream = std::function<void(const std::string& feature, const ValueStream&)>;

void for_each_stream(const EvaluationContext& context, const VisitStream& visit) {
  for (const auto& [feature, facts] : context.facts().features) {
    for (const ValueStream& stream : context.feature_rules(feature).value) visit(feature, stream);
  }
}

// Calls `add` with the counts of each value that the stream is about, or with `all` if it names no
// dimension.
template <typename ByDimension, typename All, typename Add>
void visit_uses(const FeatureFacts& facts, const ValueStream& stream, const ByDimension& dimensions,
                const All& all, const Add& add) {
  if (stream.dimension.empty()) {
    add(all);
    return;
  }
  const auto& names = facts.shape().dimensions;
  const auto found = std::ranges::find(names, stream.dimension);
  if (found == names.end()) return;
  const auto place = static_cast<std::size_t>(found - names.begin());
  for (const std::string& value : stream.values) {
    const auto id = facts.names().dimensions[place].find(value);
    const auto uses = id ? dimensions[place].find(*id) : dimensions[place].end();
    if (uses != dimensions[place].end()) add(uses->second);
  }
}

std::uint64_t uses_of(EvaluationContext& context, const std::string& feature,
                      const ValueStream& stream, const Interval& interval) {
  const UsageSummary& summary = context.summary(feature, interval);
  const UsageSummary::Value all{summary.uses, {}};
  std::uint64_t uses = 0;
  visit_uses(context.feature(feature), stream, summary.dimensions, all,
             [&](const UsageSummary::Value& value) { uses += value.uses; });
  return uses;
}

struct Amount {
  std::string feature, stream;
  double money = 0;
};

Interval since(Instant begin, const Interval& interval) {
  return {std::min(std::max(begin, interval.from), interval.to), interval.to};
}

// The money that each priced stream earned in the part of an interval after the launch.
std::vector<Amount> amounts(EvaluationContext& context, const Interval& interval) {
  const Business& business = context.rules().business;
  std::vector<Amount> found;
  for_each_stream(context, [&](const std::string& feature, const ValueStream& stream) {
    const auto begin = context.begin_of(feature);
    if (!business.hourly_rate || stream.seconds_per_use <= 0 || !begin) return;
    const Interval used = since(edge_at_or_after(*begin, context.facts().bucket_width), interval);
    const auto uses = static_cast<double>(uses_of(context, feature, stream, used));
    found.push_back(
        {feature, stream.name, uses * stream.seconds_per_use / 3600 * *business.hourly_rate});
  });
  const auto launch = business_launch(context);
  const auto baseline = ticket_baseline_per_week(context, "");
  if (launch && baseline && business.tickets->cost) {
    const Interval after = since(*launch, interval);
    const double weeks = seconds(after.to - after.from) / seconds(std::chrono::weeks(1));
    const auto opened = static_cast<double>(watched_tickets(context, after));
    found.push_back({"", kTicketAvoided, (*baseline * weeks - opened) * *business.tickets->cost});
  }
  return found;
}

double sum(const std::vector<Amount>& found) {
  double money = 0;
  for (const Amount& amount : found) money += amount.money;
  return money;
}

// Everything earned so far. Empty if nothing has a price.
constexpr Memo<std::vector<Amount>> kEarned;

const std::vector<Amount>& earned(EvaluationContext& context) {
  return context.once(kEarned, "", [&] { return amounts(context, {Instant(), context.end()}); });
}

// What was invested so far, running costs included.
std::optional<double> invested(const EvaluationContext& context) {
  const auto& investment = context.rules().business.investment;
  if (!investment || context.at() < investment->booked_at) return std::nullopt;
  const double months = seconds(context.at() - investment->booked_at) / seconds(kMonth);
  return investment->amount + investment->per_month * months;
}

std::optional<double> break_even_at(EvaluationContext& context) {
  const auto cost = invested(context);
  const auto launch = business_launch(context);
  if (!cost || !launch || earned(context).empty()) return std::nullopt;
  const Interval lately = since(*launch, context.last(kRecentWeeks));
  const double span = seconds(lately.to - lately.from);
  if (span <= 0) return std::nullopt;
  const double per_second = sum(amounts(context, lately)) / span -
                            context.rules().business.investment->per_month / seconds(kMonth);
  if (per_second <= 0) return std::nullopt;
  return unix_seconds(context.end()) + (*cost - sum(earned(context))) / per_second;
}

// Seconds saved by each user of the feature in the week.
std::vector<double> seconds_saved(EvaluationContext& context, const std::string& feature,
                                  const Interval& week) {
  const FeatureFacts& facts = context.feature(feature);
  const Bucket all = facts.sum(week);
  std::vector<double> saved;
  context.users(feature, week).for_each([&](UserId user) {
    double own = 0;
    for (const ValueStream& stream : context.feature_rules(feature).value) {
      visit_uses(facts, stream, all.dimensions, all.uses, [&](const PerUserCounts& uses) {
        own += static_cast<double>(uses.times(user)) * stream.seconds_per_use;
      });
    }
    saved.push_back(own);
  });
  return saved;
}

void seconds_per_use(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for_each_stream(context, [&](const std::string& feature, const ValueStream& stream) {
    add_sample(family, {feature, stream.name}, stream.seconds_per_use);
  });
}

void stream_uses(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for_each_stream(context, [&](const std::string& feature, const ValueStream& stream) {
    for (const Window& window : context.rules().windows) {
      const std::uint64_t uses = uses_of(context, feature, stream, context.bounds(window));
      add_sample(family, {feature, stream.name, window.label}, static_cast<double>(uses));
    }
  });
}

void time_saved(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for (const auto& entry : context.facts().features) {
    const std::string& feature = entry.first;
    const auto& streams = context.feature_rules(feature).value;
    if (streams.empty()) continue;
    add_per_window(context, feature, family, [&](const Interval& window) {
      double saved = 0;
      for (const ValueStream& stream : streams) {
        saved +=
            static_cast<double>(uses_of(context, feature, stream, window)) * stream.seconds_per_use;
      }
      return saved;
    });
  }
}

void time_saved_per_user(EvaluationContext& context, const std::string&, MetricFamily& family) {
  const Interval week = context.closed(CalendarUnit::week, 1).front();
  for (const auto& [feature, facts] : context.facts().features) {
    if (context.feature_rules(feature).value.empty()) continue;
    const std::vector<double> saved = seconds_saved(context, feature, week);
    if (saved.size() < context.rules().k_anonymity) continue;
    if (const auto median = median_of(saved)) add_sample(family, {feature}, *median);
  }
}

void value_amounts(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for (const Amount& amount : earned(context)) {
    add_sample(family, {amount.feature, amount.stream, context.rules().business.currency},
               amount.money);
  }
}

void investment(EvaluationContext& context, const std::string&, MetricFamily& family) {
  const auto cost = invested(context);
  if (cost) add_sample(family, {context.rules().business.currency}, *cost);
}

void payback_ratio(EvaluationContext& context, const std::string&, MetricFamily& family) {
  if (const auto ratio = payback(context)) add_sample(family, {}, *ratio);
}

void roi_ratio(EvaluationContext& context, const std::string&, MetricFamily& family) {
  if (const auto ratio = payback(context)) add_sample(family, {}, *ratio - 1);
}

void break_even(EvaluationContext& context, const std::string&, MetricFamily& family) {
  if (const auto at = break_even_at(context)) add_sample(family, {}, *at);
}

constexpr Measure kValueMeasures[] = {
    row("usage_value_seconds_per_use", kGauge, "", {"feature", "stream"}, kOnce, seconds_per_use,
        "Time that one use saves, as configured: an estimate."),
    row("usage_value_stream_uses", kGauge, "", {"feature", "stream", "window"}, kOnce, stream_uses,
        "Successful uses in the window that are worth something, by stream of value, without those "
        "of excluded users."),
    row("usage_time_saved_seconds", kGauge, "seconds", {"feature", "window"}, kOnce, time_saved,
        "Time saved by the uses in the window: usage_value_stream_uses * "
        "usage_value_seconds_per_use, over all streams. An estimate."),
    row("usage_time_saved_per_user_seconds_median", kGauge, "", {"feature"}, kOnce,
        time_saved_per_user,
        "Median time saved in the last complete week, over the users of the feature in that week. "
        "An estimate. Absent for fewer than k people."),
    row("usage_value", kGauge, "", {"feature", "stream", "currency"}, kOnce, value_amounts,
        "What the uses since the launch are worth, by stream: time saved at the hourly rate; "
        "tickets that would have been opened at the baseline's rate and were not, at their cost. "
        "An estimate: another rate revalues the past."),
    row("usage_investment", kGauge, "", {"currency"}, kOnce, investment,
        "What was invested, with the cost of running it until now."),
    row("usage_payback_ratio", kGauge, "ratio", {}, kOnce, payback_ratio,
        "usage_value of all streams / usage_investment. An estimate."),
    row("usage_roi_ratio", kGauge, "ratio", {}, kOnce, roi_ratio,
        "(usage_value of all streams - usage_investment) / usage_investment. An estimate."),
    row("usage_break_even_timestamp_seconds", kGauge, "seconds", {}, kOnce, break_even,
        "When usage_value reaches usage_investment at the rate of the last 28 days; in the past if "
        "it has. Absent where value does not grow faster than cost. An estimate."),
};

}  // namespace

std::span<const Measure> value_measures() { return kValueMeasures; }

std::optional<double> payback(EvaluationContext& context) {
  const auto cost = invested(context);
  if (!cost || *cost <= 0 || earned(context).empty()) return std::nullopt;
  return sum(earned(context)) / *cost;
}

}  // namespace usage
