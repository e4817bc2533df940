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

constexpr Instant kNever = Instant::max();

// The bucket of everyone's first success since the launch. Days are asked first: most have no one
// new, and then their hours need not be looked at.
std::vector<Instant> first_uses(Moment& moment, const std::string& feature, Instant launch) {
  std::vector<Instant> first(moment.facts().users.size(), kNever);
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
      for (const UserId user : now.ids()) first[user] = at->first;
      fresh -= now;
    }
    from = to;
  }
  return first;
}

// From the later of the launch and the user's creation to the bucket of the first success. Only
// people of the users table whose creation is known.
struct FirstUses {
  std::optional<double> median_wait;  // seconds; of those who used it
  std::uint64_t mature = 0, activated = 0;
};

FirstUses find_first_uses(Moment& moment, const std::string& feature) {
  FirstUses result;
  const auto launch = moment.feature_rules(feature).launched_at;
  if (!launch || *launch >= moment.end()) return result;
  const std::vector<Instant> first = first_uses(moment, feature, *launch);
  const std::vector<UserId> left_out = moment.not_counted(moment.end()).ids();
  auto next_out = left_out.begin();
  const auto& people = moment.facts().population.attributes;
  std::vector<double> waits;
  waits.reserve(people.size());
  for (std::size_t id = 0; id < people.size(); ++id) {
    if (next_out != left_out.end() && *next_out == id) {
      ++next_out;
      continue;
    }
    if (!people[id].known || !people[id].created_at) continue;
    const Instant eligible = std::max(*launch, *people[id].created_at);
    const Instant due = eligible + kActivation;
    if (due <= moment.end()) {
      ++result.mature;
      if (first[id] < due) ++result.activated;
    }
    if (first[id] != kNever) {
      waits.push_back(seconds(std::max(Duration(), first[id] - eligible)));
    }
  }
  result.median_wait = median_of(std::move(waits));
  return result;
}

const FirstUses& uses_since_launch(Moment& moment, const std::string& feature) {
  return moment.once("first uses of " + feature, [&] { return find_first_uses(moment, feature); });
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
  if (const auto wait = uses_since_launch(moment, feature).median_wait) {
    add_sample(family, {feature}, *wait);
  }
}

Share activation_share(Moment& moment, const std::string& feature) {
  const FirstUses& found = uses_since_launch(moment, feature);
  return {found.activated, found.mature};
}

void activation_ratio(Moment& moment, const std::string& feature, MetricFamily& family) {
  if (const auto ratio = ratio_of(activation_share(moment, feature))) {
    add_sample(family, {feature}, *ratio);
  }
}

}  // namespace usage
