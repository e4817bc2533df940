#include "collectors/measures/targets/target_measures.h"

#include <algorithm>
#include <array>

#include "collectors/measures/business/accounts.h"
#include "collectors/measures/business/artifacts.h"
#include "collectors/measures/business/ratings.h"
#include "collectors/measures/business/tickets.h"
#include "collectors/measures/business/value.h"
#include "collectors/measures/context/feature_predicates.h"
#include "collectors/measures/context/window.h"
#include "collectors/measures/families/adoption.h"
#include "collectors/measures/families/habits.h"

namespace usage {

namespace {

using std::chrono::days;

std::optional<Measured> from_share(const Share& share) {
  const auto ratio = ratio_of(share);
  if (!ratio) return std::nullopt;
  return Measured{*ratio, share.numerator, share.denominator};
}

Measured count(std::uint64_t number) { return {static_cast<double>(number), {}, {}}; }

std::optional<Measured> adoption(EvaluationContext& context, const std::string& subject,
                                 const Interval& window) {
  return from_share({context.users(subject, window).size(), context.active(window).size()});
}

std::optional<Measured> adoption_tried(EvaluationContext& context, const std::string& subject,
                                       const Interval& span) {
  const auto people = tried(context, subject);
  return people ? from_share({people->size(), context.active(span).size()}) : std::nullopt;
}

std::optional<Measured> adoption_regular(EvaluationContext& context, const std::string& subject,
                                         const Interval&) {
  const auto people = regular(context, subject);
  if (!people) return std::nullopt;
  const Interval span = context.last(regular_span(context, subject));
  return from_share({people->size(), context.active(span).size()});
}

std::optional<Measured> users(EvaluationContext& context, const std::string& subject,
                              const Interval& window) {
  return count(context.users(subject, window).size());
}

std::optional<Measured> uses(EvaluationContext& context, const std::string& subject,
                             const Interval& window) {
  return count(context.summary(subject, window).uses);
}

std::optional<Measured> uses_per_day(EvaluationContext& context, const std::string& subject,
                                     const Interval& window) {
  const double length = seconds(window.to - window.from) / seconds(days(1));
  if (length <= 0) return std::nullopt;
  return Measured{static_cast<double>(context.summary(subject, window).uses) / length, {}, {}};
}

std::optional<Measured> failures(EvaluationContext& context, const std::string& subject,
                                 const Interval& window) {
  const UsageSummary& summary = context.summary(subject, window);
  return from_share({summary.failures, summary.failures + summary.uses});
}

std::optional<Measured> scopes(EvaluationContext& context, const std::string& subject,
                               const Interval& window) {
  return count(context.summary(subject, window).scopes.size());
}

std::optional<Measured> habitual(EvaluationContext& context, const std::string& subject,
                                 const Interval&) {
  const auto share = habitual_share(context, subject);
  return share ? from_share(*share) : std::nullopt;
}

std::optional<Measured> activation(EvaluationContext& context, const std::string& subject,
                                   const Interval&) {
  return from_share(activation_share(context, subject));
}

std::optional<Measured> opened(EvaluationContext& context, const std::string& subject,
                               const Interval& window) {
  const auto share = access_share(context, subject, window);
  return share ? from_share(*share) : std::nullopt;
}

std::optional<Measured> rating(EvaluationContext& context, const std::string& subject,
                               const Interval&) {
  const auto score = rating_score(context, subject);
  if (!score) return std::nullopt;
  return Measured{score->sum / static_cast<double>(score->ratings), {}, {}};
}

std::optional<Measured> from_number(std::optional<double> number) {
  return number ? std::optional(Measured{*number, {}, {}}) : std::nullopt;
}

std::optional<Measured> fewer_tickets(EvaluationContext& context, const std::string&,
                                      const Interval&) {
  return from_number(ticket_reduction(context, ""));
}

std::optional<Measured> retention(EvaluationContext& context, const std::string&, const Interval&) {
  return from_number(account_retention_gain(context));
}

std::optional<Measured> paid_back(EvaluationContext& context, const std::string&, const Interval&) {
  return from_number(payback(context));
}

using Rules = const UsageRules&;
using Subject = const std::string&;

std::string_view nothing(Rules, Subject) { return ""; }
std::string_view accesses(Rules rules, Subject subject) {
  const auto feature = rules.features.find(subject);
  const bool has = feature != rules.features.end() && feature->second.artifact &&
                   feature->second.artifact->has_accesses;
  return has ? "" : "an \"artifact\" with \"accesses\" in the feature";
}
std::string_view ratings_of(Rules rules, Subject) {
  return rules.business.ratings ? "" : "\"ratings\" in \"business\"";
}
std::string_view tickets_of(Rules rules, Subject) {
  return rules.business.tickets ? "" : "\"tickets\" in \"business\"";
}
std::string_view retention_of(Rules rules, Subject) {
  return rules.business.retention ? "" : "\"retention\" in \"business\"";
}
std::string_view investment_of(Rules rules, Subject) {
  return rules.business.investment ? "" : "an \"investment\" in \"business\"";
}

constexpr std::array kMeasures{
    TargetMeasure{"adoption", "usage_adoption_ratio", "ratio", true, true, has_users, nothing,
                  adoption},
    TargetMeasure{"adoption_tried", "usage_adoption_tried_ratio", "ratio", false, true, has_users,
                  nothing, adoption_tried},
    TargetMeasure{"adoption_regular", "usage_adoption_regular_ratio", "ratio", false, true,
                  has_users, nothing, adoption_regular},
    TargetMeasure{"users", "usage_feature_users", "users", true, true, has_users, nothing, users},
    TargetMeasure{"uses", "usage_uses", "uses", true, false, always, nothing, uses},
    TargetMeasure{"uses_per_day", "usage_uses_per_day", "uses", true, false, always, nothing,
                  uses_per_day},
    TargetMeasure{"failures", "usage_failure_ratio", "ratio", true, false, has_outcome, nothing,
                  failures},
    TargetMeasure{"scopes", "usage_scopes", "scopes", true, false, has_scope, nothing, scopes},
    TargetMeasure{"habitual_groups", "usage_habitual_group_ratio", "ratio", false, true, has_users,
                  nothing, habitual},
    TargetMeasure{"activation", "usage_activation_ratio", "ratio", false, false, has_users, nothing,
                  activation},
    TargetMeasure{"access_ratio", "usage_artifact_access_ratio", "ratio", true, false, always,
                  accesses, opened},
    TargetMeasure{"rating_score", "usage_rating_score", "points", false, true, always, ratings_of,
                  rating},
    TargetMeasure{"ticket_reduction", "usage_ticket_reduction_ratio", "ratio", false, true, always,
                  tickets_of, fewer_tickets},
    TargetMeasure{"retention_change", "usage_account_retention_change", "ratio", false, true,
                  always, retention_of, retention},
    TargetMeasure{"payback", "usage_payback_ratio", "times", false, true, always, investment_of,
                  paid_back},
};

}  // namespace

std::span<const TargetMeasure> target_measures() { return kMeasures; }

Interval window_of(const EvaluationContext& context, const Target& target) {
  return target.window ? context.bounds(*target.window) : context.last(kTriedSpan);
}

std::optional<Measured> read_measure(EvaluationContext& context, const Target& target) {
  return target.measure->read(context, target.subject, window_of(context, target));
}

std::optional<Measured> measured(EvaluationContext& context, const Target& target) {
  return context.at() >= target.start ? read_measure(context, target) : std::nullopt;
}

bool reaches(const Target& target, double value) {
  if (value == target.threshold) return !target.strict;
  return (value > target.threshold) == (target.comparison == Comparison::min);
}

}  // namespace usage
