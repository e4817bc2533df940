#include "collectors/measures/families/adoption.h"

#include <algorithm>

#include "collectors/measures/context/window.h"
#include "collectors/measures/families/engagement.h"

namespace usage {

namespace {

constexpr Duration kActivation = std::chrono::days(7);

bool knows(const EvaluationContext& context, const Combination& combination) {
  return std::ranges::all_of(combination.features, [&](const std::string& feature) {
    return context.facts().features.contains(feature);
  });
}

constexpr Instant kNever = Instant::max();

// The bucket of each user's first success since the launch. Looks at whole days first, because most
// bring no new user and their buckets can be skipped.
std::vector<Instant> first_uses(EvaluationContext& context, const std::string& feature,
                                Instant launch) {
  std::vector<Instant> first(context.facts().users.size(), kNever);
  const FeatureFacts& facts = context.feature(feature);
  const Interval since = whole_buckets(launch, context.end(), context.facts().bucket_width);
  IdSet seen;
  for (Instant from = since.from; from < since.to;) {
    const Instant midnight = std::chrono::floor<std::chrono::days>(from) + std::chrono::days(1);
    const Instant to = std::min(midnight, since.to);
    IdSet fresh = facts.users({from, to}) - seen;
    seen |= fresh;
    const auto stop = facts.buckets().lower_bound(to);
    for (auto at = facts.buckets().lower_bound(from); at != stop && !fresh.empty(); ++at) {
      const IdSet now = fresh & at->second.uses.users();
      for (const UserId user : now.ids()) first[user] = at->first;
      fresh -= now;
    }
    from = to;
  }
  return first;
}

// Waits from the later of the launch and the user's creation to the bucket of the first success.
// Covers people of the users table with a known creation.
struct FirstUses {
  std::optional<double> median_wait;  // seconds, over those who used it
  std::uint64_t mature = 0, activated = 0;
};

FirstUses find_first_uses(EvaluationContext& context, const std::string& feature) {
  FirstUses result;
  const auto launch = context.feature_rules(feature).launched_at;
  if (!launch || *launch >= context.end()) return result;
  const std::vector<Instant> first = first_uses(context, feature, *launch);
  const std::vector<UserId> left_out = context.not_counted(context.end()).ids();
  auto next_out = left_out.begin();
  const auto& people = context.facts().population.attributes;
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
    if (due <= context.end()) {
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

constexpr Memo<FirstUses> kFirstUses;

const FirstUses& uses_since_launch(EvaluationContext& context, const std::string& feature) {
  return context.once(kFirstUses, feature, [&] { return find_first_uses(context, feature); });
}

void feature_users(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_per_window(context, feature, family, [&](const Interval& window) {
    return static_cast<double>(context.users(feature, window).size());
  });
}

void active_users(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  const Facts& facts = context.facts();
  const bool anyone = std::ranges::any_of(
      facts.features, [](const auto& entry) { return entry.second.shape().has_users; });
  if (!anyone && facts.activity.buckets().empty()) return;
  add_per_window(context, feature, family, [&](const Interval& window) {
    return static_cast<double>(context.active(window).size());
  });
}

void adoption_ratio(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  add_per_window(context, feature, family, [&](const Interval& window) {
    return ratio_of(context.users(feature, window).size(), context.active(window).size());
  });
}

void tried_users(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  if (const auto people = tried(context, feature)) {
    add_sample(family, {feature}, static_cast<double>(people->size()));
  }
}

void tried_ratio(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  const auto people = tried(context, feature);
  if (!people) return;
  if (const auto ratio =
          ratio_of(people->size(), context.active(context.last(kTriedSpan)).size())) {
    add_sample(family, {feature}, *ratio);
  }
}

void regular_users_now(EvaluationContext& context, const std::string& feature,
                       MetricFamily& family) {
  if (const auto people = regular(context, feature)) {
    add_sample(family, {feature}, static_cast<double>(people->size()));
  }
}

void regular_ratio(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  const auto people = regular(context, feature);
  if (!people) return;
  const IdSet& all = context.active(context.last(regular_span(context, feature)));
  if (const auto ratio = ratio_of(people->size(), all.size())) {
    add_sample(family, {feature}, *ratio);
  }
}

void combination_users(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for (const Combination& combination : context.rules().combinations) {
    if (!knows(context, combination)) continue;
    add_per_window(context, combination.name, family, [&](const Interval& window) {
      return static_cast<double>(context.users(combination.name, window).size());
    });
  }
}

void combination_ratio(EvaluationContext& context, const std::string&, MetricFamily& family) {
  for (const Combination& combination : context.rules().combinations) {
    if (!knows(context, combination)) continue;
    add_per_window(context, combination.name, family, [&](const Interval& window) {
      return ratio_of(context.users(combination.name, window).size(),
                      context.active(window).size());
    });
  }
}

void first_use_median(EvaluationContext& context, const std::string& feature,
                      MetricFamily& family) {
  if (const auto wait = uses_since_launch(context, feature).median_wait) {
    add_sample(family, {feature}, *wait);
  }
}

void activation_ratio(EvaluationContext& context, const std::string& feature,
                      MetricFamily& family) {
  if (const auto ratio = ratio_of(activation_share(context, feature))) {
    add_sample(family, {feature}, *ratio);
  }
}

constexpr Measure kAdoptionMeasures[] = {
    row("usage_active_users", kGauge, "", {"window"}, kOnce, active_users,
        "Distinct people active in the window: an activity row or a successful use of any feature. "
        "Excluded, ineligible and deleted users are left out."),
    row("usage_feature_users", kGauge, "", {"feature", "window"}, has_users, feature_users,
        "Distinct users with a successful use in the window. Excluded, ineligible and deleted "
        "users are left out."),
    row("usage_adoption_ratio", kGauge, "ratio", {"feature", "window"}, has_users, adoption_ratio,
        "Users of the feature in the window / users active in the same window.",
        {"usage_feature_users", "usage_active_users"}),
    row("usage_adoption_tried_users", kGauge, "", {"feature"}, has_users, tried_users,
        "Users active in the last 28 days with a successful use since the launch."),
    row("usage_adoption_tried_ratio", kGauge, "ratio", {"feature"}, has_users, tried_ratio,
        "Users active in the last 28 days with a successful use since the launch / users active in "
        "the last 28 days.",
        {"usage_adoption_tried_users", "usage_active_users", "28d"}),
    row("usage_adoption_regular_users", kGauge, "", {"feature"}, has_users, regular_users_now,
        "Users with a successful use in enough of the last periods (2 of 4 weeks unless "
        "configured). Absent until that many periods have passed since the launch."),
    row("usage_adoption_regular_ratio", kGauge, "ratio", {"feature"}, has_users, regular_ratio,
        "Users with a successful use in enough of the last periods (2 of 4 weeks unless "
        "configured) / users active in these periods. Absent until that many periods have passed "
        "since the launch.",
        {"usage_adoption_regular_users", "usage_active_users", "28d"}),
    row("usage_combination_users", kGauge, "", {"combination", "window"}, kOnce, combination_users,
        "Distinct users of all, or of any, features of the combination in the window."),
    row("usage_combination_adoption_ratio", kGauge, "ratio", {"combination", "window"}, kOnce,
        combination_ratio,
        "Users of all, or of any, features of the combination in the window / users active in the "
        "same window.",
        {"usage_combination_users", "usage_active_users"}),
    row("usage_activation_ratio", kGauge, "ratio", {"feature"}, has_users, activation_ratio,
        "Users with a first success within 7 days of being able to (the launch or their creation, "
        "whichever is later) / users for whom these 7 days have passed."),
    row("usage_time_to_first_use_seconds_median", kGauge, "", {"feature"}, has_users,
        first_use_median,
        "Median time from being able to use it (the launch or the user's creation, whichever is "
        "later) to the bucket of the first success since the launch, over those who had one."),
};

}  // namespace

std::span<const Measure> adoption_measures() { return kAdoptionMeasures; }

std::optional<IdSet> tried(EvaluationContext& context, const std::string& subject) {
  const auto begin = context.begin_of(subject);
  if (!begin || *begin >= context.end()) return std::nullopt;
  const Interval since = whole_buckets(*begin, context.end(), context.facts().bucket_width);
  return context.users(subject, since) & context.active(context.last(kTriedSpan));
}

Duration regular_span(const EvaluationContext& context, const std::string& subject) {
  const FeatureRules& rules = context.feature_rules(subject);
  return rules.regular_of_periods * rules.regular_period;
}

std::optional<IdSet> regular(EvaluationContext& context, const std::string& subject) {
  const auto earliest = first_regular_at(context, subject);
  if (!earliest || *earliest > context.end()) return std::nullopt;
  return regular_users(context, subject, context.feature_rules(subject).regular_of_periods, {}) &
         context.active(context.last(regular_span(context, subject)));
}

Share activation_share(EvaluationContext& context, const std::string& feature) {
  const FirstUses& found = uses_since_launch(context, feature);
  return {found.activated, found.mature};
}

}  // namespace usage
