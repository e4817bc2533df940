#include <algorithm>

#include "collectors/measures/families.h"

namespace usage {

namespace {

constexpr int kWeeks = 4;
constexpr int kHabit = 3;
constexpr char kWorkflow[] = "report_type";

UserSet teams_of(const Population& population, const UserSet& people) {
  std::vector<bool> seen(population.teams.size());
  people.for_each([&](UserId user) {
    if (user >= population.attributes.size()) return;
    if (const auto team = population.attributes[user].team) seen[*team] = true;
  });
  std::vector<std::uint32_t> teams;
  for (std::size_t team = 0; team < seen.size(); ++team) {
    if (seen[team]) teams.push_back(static_cast<std::uint32_t>(team));
  }
  return UserSet::of(teams);
}

// Teams with a use in enough of the last complete weeks.
UserSet find_habitual(Moment& moment, const std::string& feature) {
  const std::vector<Interval> weeks = moment.closed(CalendarUnit::week, kWeeks);
  std::vector<UserSet> teams;
  for (const Interval& week : weeks) {
    teams.push_back(teams_of(moment.facts().population,
                             moment.users(feature, week) - moment.not_counted(weeks.front().to)));
  }
  return in_at_least(kHabit, teams);
}

UserSet find_active_teams(Moment& moment) {
  const std::vector<Interval> weeks = moment.closed(CalendarUnit::week, kWeeks);
  UserSet people;
  for (const Interval& week : weeks) people |= moment.active(week);
  return teams_of(moment.facts().population, people - moment.not_counted(weeks.front().to));
}

const UserSet& habitual(Moment& moment, const std::string& feature) {
  return moment.once("habitual teams of " + feature,
                     [&] { return find_habitual(moment, feature); });
}

const UserSet& active_teams(Moment& moment) {
  return moment.once("active teams", [&] { return find_active_teams(moment); });
}

bool has_teams(const Moment& moment) {
  return std::ranges::any_of(moment.facts().population.attributes,
                             [](const UserAttributes& user) { return user.team.has_value(); });
}

}  // namespace

void recurring_workflows(Moment& moment, const std::string& feature, MetricFamily& family) {
  const FeatureFacts& facts = moment.feature(feature);
  const auto& dimensions = facts.shape().dimensions;
  const auto found = std::ranges::find(dimensions, kWorkflow);
  if (found == dimensions.end()) return;
  const auto dimension = static_cast<std::size_t>(found - dimensions.begin());
  const std::vector<Interval> weeks = moment.closed(CalendarUnit::week, kWeeks);
  const UserSet& left_out = moment.not_counted(weeks.front().to);
  std::map<std::uint32_t, std::vector<UserSet>> users_of;
  for (const Interval& week : weeks) {
    for (const auto& [value, done] : moment.done(feature, week).dimensions[dimension]) {
      users_of[value].push_back(done.users - left_out);
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

std::optional<Share> habitual_share(Moment& moment, const std::string& subject) {
  if (!has_teams(moment)) return std::nullopt;
  return Share{habitual(moment, subject).size(), active_teams(moment).size()};
}

void habitual_groups(Moment& moment, const std::string& feature, MetricFamily& family) {
  if (const auto share = habitual_share(moment, feature)) {
    add_sample(family, {feature}, static_cast<double>(share->numerator));
  }
}

void habitual_group_ratio(Moment& moment, const std::string& feature, MetricFamily& family) {
  const auto share = habitual_share(moment, feature);
  const auto ratio = share ? ratio_of(*share) : std::nullopt;
  if (ratio) add_sample(family, {feature}, *ratio);
}

}  // namespace usage
