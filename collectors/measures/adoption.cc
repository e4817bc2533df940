#include <algorithm>

#include "collectors/measures/families.h"
#include "collectors/measures/window.h"

namespace usage {

namespace {

constexpr Duration kActivation = std::chrono::days(7);

bool knows(const Moment& moment, const Combination& combination) {
  return std::ranges::all_of(combination.features, [&](const std::string& feature) {
    return moment.facts().features.contains(feature);
  });
}

// The bucket of everyone's first success since the launch. Days are asked first: most have no one
// new, and then their hours need not be looked at.
std::vector<std::optional<Instant>> first_uses(Moment& moment, const std::string& feature,
                                               Instant launch) {
  std::vector<std::optional<Instant>> first(moment.facts().users.size());
  const FeatureFacts& facts = moment.feature(feature);
  const Interval since = whole_buckets(launch, moment.end(), moment.facts().bucket_width);
  UserSet seen;
  for (Instant from = since.from; from < since.to;) {
    const Instant midnight = std::chrono::floor<std::chrono::days>(from) + std::chrono::days(1);
    const Instant to = std::min(midnight, since.to);
    UserSet fresh = facts.users({from, to}) - seen;
    seen |= fresh;
    const auto stop = facts.buckets().lower_bound(to);
    for (auto at = facts.buckets().lower_bound(from); at != stop && !fresh.empty(); ++at) {
      const UserSet now = fresh & at->second.uses.users();
      now.for_each([&](UserId user) { first[user] = at->first; });
      fresh -= now;
    }
    from = to;
  }
  return first;
}

// From the later of the launch and the user's creation to the bucket of the first success. Only
// people of the users table whose creation is known.
struct Start {
  Instant eligible;
  std::optional<Instant> first_use;
};

std::vector<Start> find_starts(Moment& moment, const std::string& feature) {
  std::vector<Start> result;
  const auto launch = moment.feature_rules(feature).launched_at;
  if (!launch || *launch >= moment.end()) return result;
  const auto first = first_uses(moment, feature, *launch);
  const UserSet& left_out = moment.not_counted(moment.end());
  const auto& people = moment.facts().population.attributes;
  for (std::size_t id = 0; id < people.size(); ++id) {
    const auto user = static_cast<UserId>(id);
    if (!people[id].known || !people[id].created_at || left_out.contains(user)) continue;
    result.push_back({std::max(*launch, *people[id].created_at), first[id]});
  }
  return result;
}

const std::vector<Start>& starts(Moment& moment, const std::string& feature) {
  return moment.once("starts of " + feature, [&] { return find_starts(moment, feature); });
}

}  // namespace

std::optional<UserSet> tried(Moment& moment, const std::string& subject) {
  const auto begin = moment.begin_of(subject);
  if (!begin || *begin >= moment.end()) return std::nullopt;
  const Interval since = whole_buckets(*begin, moment.end(), moment.facts().bucket_width);
  return moment.users(subject, since) & moment.active(moment.last(kTriedSpan));
}

Duration regular_span(const Moment& moment, const std::string& subject) {
  const FeatureRules& rules = moment.feature_rules(subject);
  return rules.regular_of_periods * rules.regular_period;
}

std::optional<UserSet> regular(Moment& moment, const std::string& subject) {
  const auto earliest = first_regular_at(moment, subject);
  if (!earliest || *earliest > moment.end()) return std::nullopt;
  return regular_users(moment, subject, moment.feature_rules(subject).regular_of_periods, {}) &
         moment.active(moment.last(regular_span(moment, subject)));
}

void feature_users(Moment& moment, const std::string& feature, MetricFamily& family) {
  add_per_window(moment, feature, family, [&](const Interval& window) {
    return static_cast<double>(moment.users(feature, window).size());
  });
}

void active_users(Moment& moment, const std::string& feature, MetricFamily& family) {
  const Facts& facts = moment.facts();
  const bool anyone = std::ranges::any_of(
      facts.features, [](const auto& entry) { return entry.second.shape().has_users; });
  if (!anyone && facts.activity.buckets().empty()) return;
  add_per_window(moment, feature, family, [&](const Interval& window) {
    return static_cast<double>(moment.active(window).size());
  });
}

void adoption_ratio(Moment& moment, const std::string& feature, MetricFamily& family) {
  add_per_window(moment, feature, family, [&](const Interval& window) {
    return ratio_of(moment.users(feature, window).size(), moment.active(window).size());
  });
}

void tried_users(Moment& moment, const std::string& feature, MetricFamily& family) {
  if (const auto people = tried(moment, feature)) {
    add_sample(family, {feature}, static_cast<double>(people->size()));
  }
}

void tried_ratio(Moment& moment, const std::string& feature, MetricFamily& family) {
  const auto people = tried(moment, feature);
  if (!people) return;
  if (const auto ratio = ratio_of(people->size(), moment.active(moment.last(kTriedSpan)).size())) {
    add_sample(family, {feature}, *ratio);
  }
}

void regular_users_now(Moment& moment, const std::string& feature, MetricFamily& family) {
  if (const auto people = regular(moment, feature)) {
    add_sample(family, {feature}, static_cast<double>(people->size()));
  }
}

void regular_ratio(Moment& moment, const std::string& feature, MetricFamily& family) {
  const auto people = regular(moment, feature);
  if (!people) return;
  const UserSet& all = moment.active(moment.last(regular_span(moment, feature)));
  if (const auto ratio = ratio_of(people->size(), all.size())) {
    add_sample(family, {feature}, *ratio);
  }
}

void combination_users(Moment& moment, const std::string&, MetricFamily& family) {
  for (const Combination& combination : moment.rules().combinations) {
    if (!knows(moment, combination)) continue;
    add_per_window(moment, combination.name, family, [&](const Interval& window) {
      return static_cast<double>(moment.users(combination.name, window).size());
    });
  }
}

void combination_ratio(Moment& moment, const std::string&, MetricFamily& family) {
  for (const Combination& combination : moment.rules().combinations) {
    if (!knows(moment, combination)) continue;
    add_per_window(moment, combination.name, family, [&](const Interval& window) {
      return ratio_of(moment.users(combination.name, window).size(), moment.active(window).size());
    });
  }
}

void first_use_median(Moment& moment, const std::string& feature, MetricFamily& family) {
  std::vector<double> waits;
  for (const Start& start : starts(moment, feature)) {
    if (!start.first_use) continue;
    waits.push_back(std::max(0.0, seconds(*start.first_use - start.eligible)));
  }
  if (waits.empty()) return;
  std::ranges::sort(waits);
  const std::size_t upper = waits.size() / 2, lower = (waits.size() - 1) / 2;
  add_sample(family, {feature}, (waits[lower] + waits[upper]) / 2);
}

Share activation_share(Moment& moment, const std::string& feature) {
  Share share;
  for (const Start& start : starts(moment, feature)) {
    const Instant due = start.eligible + kActivation;
    if (due > moment.end()) continue;
    ++share.denominator;
    if (start.first_use && *start.first_use < due) ++share.numerator;
  }
  return share;
}

void activation_ratio(Moment& moment, const std::string& feature, MetricFamily& family) {
  if (const auto ratio = ratio_of(activation_share(moment, feature))) {
    add_sample(family, {feature}, *ratio);
  }
}

}  // namespace usage
