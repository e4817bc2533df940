#include "collectors/measures/context/evaluation_context.h"

#include <algorithm>

#include "collectors/measures/context/combined_begin.h"
#include "collectors/measures/context/window.h"

namespace usage {

EvaluationContext::EvaluationContext(const Facts& facts, const UsageRules& rules, Instant at,
                                     bool live)
    : facts_(facts),
      rules_(rules),
      live_(live),
      at_(live ? at : edge_at_or_before(at, facts.bucket_width)),
      end_(edge_at_or_after(at_, facts.bucket_width)) {
  const Population& population = facts.population;
  std::vector<UserId> excluded, never_counted;
  for (UserId id = 0; id < facts.users.size(); ++id) {
    const UserAttributes user =
        id < population.attributes.size() ? population.attributes[id] : UserAttributes();
    if (user.excluded) excluded.push_back(id);
    const bool missing = population.has_users_table && !user.known;
    if (user.excluded || !user.eligible || missing) {
      never_counted.push_back(id);
    } else if (user.deleted_at) {
      deletions_.emplace_back(*user.deleted_at, id);
    }
  }
  excluded_ = IdSet::of(excluded);
  never_counted_ = IdSet::of(never_counted);
  std::ranges::sort(deletions_);
  std::vector<Interval> intervals = closed(CalendarUnit::week, 4);
  intervals.push_back(ranking());
  for (const Window& window : rules.windows) intervals.push_back(bounds(window));
  for (const Interval& interval : intervals) ends_.insert({interval.from, interval.to});
}

const FeatureFacts& EvaluationContext::feature(const std::string& name) const {
  return facts_.tables(name).at(name);
}

const FeatureRules& EvaluationContext::feature_rules(const std::string& name) const {
  static const FeatureRules defaults;
  const auto found = rules_.features.find(name);
  return found == rules_.features.end() ? defaults : found->second;
}

const Combination* EvaluationContext::combination(const std::string& name) const {
  const auto found = std::ranges::find(rules_.combinations, name, &Combination::name);
  return found == rules_.combinations.end() ? nullptr : &*found;
}

std::optional<Instant> EvaluationContext::begin_of(const std::string& subject) const {
  if (const Combination* both = combination(subject)) {
    return combined_begin(*both, [this](const std::string& member) { return begin_of(member); });
  }
  const auto launched = feature_rules(subject).launched_at;
  return launched ? launched : feature(subject).first_bucket();
}

Interval EvaluationContext::bounds(const Window& window) const {
  return window_bounds(window, at_, live_, facts_.bucket_width, rules_.zone);
}

std::optional<Interval> EvaluationContext::before(const Window& window) const {
  if (window.rolling) return period(*window.rolling, *window.rolling);
  if (window.offset >= 0) return std::nullopt;
  Window earlier = window;
  --earlier.offset;
  return bounds(earlier);
}

Interval EvaluationContext::period(Duration newest_ago, Duration length) const {
  return {edge_at_or_after(at_ - newest_ago - length, facts_.bucket_width),
          edge_at_or_after(at_ - newest_ago, facts_.bucket_width)};
}

Interval EvaluationContext::last(Duration length) const { return period({}, length); }

std::vector<Interval> EvaluationContext::periods(Duration length, int count, Duration ago) const {
  std::vector<Interval> result;
  for (int i = 0; i < count; ++i) result.push_back(period(ago + i * length, length));
  return result;
}

std::vector<Interval> EvaluationContext::closed(CalendarUnit unit, int count) const {
  std::vector<Interval> result;
  for (int i = 1; i <= count; ++i) {
    result.push_back(whole_buckets(rules_.zone.start_of(unit, at_, -i),
                                   rules_.zone.start_of(unit, at_, 1 - i), facts_.bucket_width));
  }
  return result;
}

Interval EvaluationContext::ranking() const {
  const Instant midnight = rules_.zone.start_of(CalendarUnit::day, at_);
  return whole_buckets(midnight - std::chrono::days(28), midnight, facts_.bucket_width);
}

Interval EvaluationContext::ever(const std::string& name, Instant to) const {
  const auto first = feature(name).first_bucket();
  return {first ? std::min(*first, to) : to, to};
}

const UsageSummary& EvaluationContext::summary(const std::string& name, const Interval& interval) {
  auto& known = done_[name];
  const Key key{interval.from, interval.to};
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  UsageSummary sum;
  sum.dimensions.resize(feature(name).shape().dimensions.size());
  for (Instant from = interval.from; from < interval.to;) {
    const auto next = ends_.upper_bound(from);
    const Instant to = next == ends_.end() ? interval.to : std::min(*next, interval.to);
    sum.merge(*feature(name).summary({from, to}, excluded_));
    from = to;
  }
  return known.emplace(key, std::move(sum)).first->second;
}

IdSet EvaluationContext::find_users(const std::string& subject, const Interval& interval) {
  const Combination* both = combination(subject);
  if (both == nullptr) return feature(subject).users(interval) - not_counted(interval.to);
  IdSet people;
  for (const std::string& member : both->features) {
    const IdSet& of_member = users(member, interval);
    if (both->all && &member != &both->features.front()) {
      people &= of_member;
    } else {
      people |= of_member;
    }
  }
  return people;
}

const IdSet& EvaluationContext::users(const std::string& subject, const Interval& interval) {
  auto& known = users_[subject];
  const Key key{interval.from, interval.to};
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  return known.emplace(key, find_users(subject, interval)).first->second;
}

const IdSet& EvaluationContext::active(const Interval& interval) {
  const Key key{interval.from, interval.to};
  const auto found = active_.find(key);
  if (found != active_.end()) return found->second;
  IdSet people = facts_.activity.users(interval) - not_counted(interval.to);
  for (const auto& [name, facts] : facts_.features) people |= users(name, interval);
  return active_.emplace(key, std::move(people)).first->second;
}

const IdSet& EvaluationContext::not_counted(Instant end) {
  const auto found = not_counted_.find(end);
  if (found != not_counted_.end()) return found->second;
  IdSet out = never_counted_;
  for (const auto& [deleted_at, user] : deletions_) {
    if (deleted_at >= end) break;
    out.add(user);
  }
  return not_counted_.emplace(end, std::move(out)).first->second;
}

void EvaluationContext::count_suppressed(const std::string& name, std::size_t series) {
  suppressed_[name] += series;
}

std::size_t EvaluationContext::suppressed(const std::string& name) const {
  const auto found = suppressed_.find(name);
  return found == suppressed_.end() ? 0 : found->second;
}

std::size_t EvaluationContext::suppressed() const {
  std::size_t sum = 0;
  for (const auto& [name, series] : suppressed_) sum += series;
  return sum;
}

}  // namespace usage
