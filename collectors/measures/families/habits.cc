#include "collectors/measures/families/habits.h"

#include <algorithm>

#include "collectors/measures/families/engagement.h"

namespace usage {

namespace {

constexpr int kWeeks = 4;
constexpr int kHabit = 3;
constexpr char kWorkflow[] = "report_type";

constexpr Memo<IdSet> kHabitualTeams, kActiveTeams;

bool has_report_types(const FeatureShape& shape) {
  return shape.has_users && std::ranges::count(shape.dimensions, kWorkflow) > 0;
}

IdSet teams_of(const Population& population, const IdSet& people) {
  std::vector<bool> seen(population.teams.size());
  people.for_each([&](UserId user) {
    if (user >= population.attributes.size()) return;
    if (const auto team = population.attributes[user].team) seen[*team] = true;
  });
  std::vector<std::uint32_t> teams;
  for (std::size_t team = 0; team < seen.size(); ++team) {
    if (seen[team]) teams.push_back(static_cast<std::uint32_t>(team));
  }
  return IdSet::of(teams);
}

// Teams with a use in enough of the last complete weeks.
IdSet find_habitual(EvaluationContext& context, const std::string& feature) {
  const std::vector<Interval> weeks = context.closed(CalendarUnit::week, kWeeks);
  std::vector<IdSet> teams;
  for (const Interval& week : weeks) {
    teams.push_back(teams_of(context.facts().population,
                             context.users(feature, week) - context.not_counted(weeks.front().to)));
  }
  return in_at_least(kHabit, teams);
}

IdSet find_active_teams(EvaluationContext& context) {
  const std::vector<Interval> weeks = context.closed(CalendarUnit::week, kWeeks);
  IdSet people;
  for (const Interval& week : weeks) people |= context.active(week);
  return teams_of(context.facts().population, people - context.not_counted(weeks.front().to));
}

const IdSet& habitual(EvaluationContext& context, const std::string& feature) {
  return context.once(kHabitualTeams, feature, [&] { return find_habitual(context, feature); });
}

const IdSet& active_teams(EvaluationContext& context) {
  return context.once(kActiveTeams, "", [&] { return find_active_teams(context); });
}

bool has_teams(const EvaluationContext& context) {
  return std::ranges::any_of(context.facts().population.attributes,
                             [](const UserAttributes& user) { return user.team.has_value(); });
}

void recurring_workflows(EvaluationContext& context, const std::string& feature,
                         MetricFamily& family) {
  const FeatureFacts& facts = context.feature(feature);
  const auto& dimensions = facts.shape().dimensions;
  const auto found = std::ranges::find(dimensions, kWorkflow);
  if (found == dimensions.end()) return;
  const auto dimension = static_cast<std::size_t>(found - dimensions.begin());
  const std::vector<Interval> weeks = context.closed(CalendarUnit::week, kWeeks);
  const IdSet& left_out = context.not_counted(weeks.front().to);
  std::map<std::uint32_t, std::vector<IdSet>> users_of;
  for (const Interval& week : weeks) {
    for (const auto& [value, summary] : context.summary(feature, week).dimensions[dimension]) {
      users_of[value].push_back(summary.users - left_out);
    }
  }
  std::uint64_t pairs = 0;
  for (const auto& [value, weekly] : users_of) {
    const bool known = value != FeatureNames::kOverflow &&
                       !facts.names().dimensions[dimension].text(value).empty();
    if (known) pairs += in_at_least(kHabit, weekly).size();
  }
  add_sample(family, {feature}, static_cast<double>(pairs));
}

void habitual_groups(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  if (const auto share = habitual_share(context, feature)) {
    add_sample(family, {feature}, static_cast<double>(share->numerator));
  }
}

void habitual_group_ratio(EvaluationContext& context, const std::string& feature,
                          MetricFamily& family) {
  const auto share = habitual_share(context, feature);
  const auto ratio = share ? ratio_of(*share) : std::nullopt;
  if (ratio) add_sample(family, {feature}, *ratio);
}

constexpr Measure kHabitMeasures[] = {
    row("usage_recurring_workflows", kGauge, "", {"feature"}, has_report_types, recurring_workflows,
        "Pairs of a user and a value of the dimension report_type with a success in at least 3 of "
        "the last 4 complete weeks."),
    row("usage_habitual_groups", kGauge, "", {"feature"}, has_users, habitual_groups,
        "Teams with a success in at least 3 of the last 4 complete weeks."),
    row("usage_habitual_group_ratio", kGauge, "ratio", {"feature"}, has_users, habitual_group_ratio,
        "Teams with a success in at least 3 of the last 4 complete weeks / teams active in these "
        "weeks."),
};

}  // namespace

std::span<const Measure> habit_measures() { return kHabitMeasures; }

std::optional<Share> habitual_share(EvaluationContext& context, const std::string& subject) {
  if (!has_teams(context)) return std::nullopt;
  return Share{habitual(context, subject).size(), active_teams(context).size()};
}

}  // namespace usage
