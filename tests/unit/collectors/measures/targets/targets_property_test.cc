// Random targets on random products against evaluations worked out anew from the reference
// evaluation of the same rows: value, attainment, whether and when it was met, in all modes.
#include <gtest/gtest.h>

#include <cmath>

#include "collectors/measures/evaluate.h"
#include "collectors/measures/targets/targets.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"
#include "tests/support/random_world.h"
#include "tests/support/sanitizers.h"

namespace usage {
namespace {

using reference::RandomWorld;
using reference::Series;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr int kWorlds = kSanitized ? 10 : 60;
constexpr int kTargets = 8;

struct Dice {
  std::mt19937_64 random;
  std::size_t below(std::size_t limit) { return random() % limit; }
  bool flip() { return below(2) == 0; }
};

const TargetMeasure& measure_named(std::string_view name) {
  for (const TargetMeasure& measure : target_measures()) {
    if (measure.name == name) return measure;
  }
  throw std::logic_error("no such measure");
}

// The reference's series of the target.
std::string key_of(const Target& target, const UsageRules& rules) {
  const bool combined = !rules.features.contains(target.subject);
  return fmt::format(
      "{}|{}{}{}", combined ? "usage_combination_adoption_ratio" : target.measure->metric,
      target.subject, target.window ? "|" : "", target.window ? target.window->label : "");
}

std::optional<double> found(const Series& series, const std::string& name) {
  const auto at = series.find(name);
  if (at == series.end()) return {};
  return at->second;
}

class Expected {
 public:
  Expected(const RandomWorld& random, Instant at, bool live)
      : random_(random), at_(at), live_(live) {}

  std::optional<double> value(const Target& target, Instant at) {
    const bool live = live_ && at == at_;
    auto known = series_.find(at);
    if (known == series_.end()) {
      known =
          series_.emplace(at, reference::measures(random_.world, random_.rules, at, live)).first;
    }
    return found(known->second, key_of(target, random_.rules));
  }

  std::optional<double> active(Instant at, const std::string& window) {
    return found(series_.at(at), "usage_active_users|" + window);
  }

  static bool good(const Target& target, double value) {
    if (target.comparison == Comparison::min) {
      return target.strict ? value > target.threshold : value >= target.threshold;
    }
    return target.strict ? value < target.threshold : value <= target.threshold;
  }

  std::optional<bool> good_at(const Target& target, Instant at) {
    const auto known = value(target, at);
    return known ? std::optional(good(target, *known)) : std::nullopt;
  }

  // Each quarter of an hour is asked whether a local day begins with it.
  std::optional<Instant> first_met(const Target& target) {
    const TimeZone& zone = random_.rules.zone;
    std::set<Instant> looks;
    if (at_ > target.start) looks.insert(at_);
    if (target.due <= at_) looks.insert(target.due);
    const Instant from(target.start.time_since_epoch() / minutes(15) * minutes(15));
    for (Instant quarter = from; quarter <= at_; quarter += minutes(15)) {
      if (quarter > target.start &&
          zone.local(quarter).day != zone.local(quarter - Duration(1)).day) {
        looks.insert(quarter);
      }
    }
    for (const Instant look : looks) {
      if (good_at(target, look).value_or(false)) return look;
    }
    return std::nullopt;
  }

  std::optional<bool> met(const Target& target) {
    const auto now = at_ < target.start ? std::nullopt : good_at(target, at_);
    const auto first = first_met(target);
    switch (target.mode) {
      case TargetMode::sustained:
        return now;
      case TargetMode::by_due:
        if (first && *first <= target.due) return true;
        if (first || (now && at_ > target.due)) return false;
        return now;
      case TargetMode::at_due:
        break;
    }
    return at_ < target.due ? now : good_at(target, target.due);
  }

 private:
  const RandomWorld& random_;
  const Instant at_;
  const bool live_;
  std::map<Instant, Series> series_;
};

Target random_target(Dice& dice, const UsageRules& rules, const reference::World& world,
                     Expected& expected, Instant at) {
  Target target;
  std::vector<std::string> names{"adoption", "adoption_tried",  "adoption_regular", "users",
                                 "uses",     "habitual_groups", "activation",       "failures"};
  target.subject = std::next(rules.features.begin(),
                             static_cast<std::ptrdiff_t>(dice.below(rules.features.size())))
                       ->first;
  target.measure = &measure_named(names[dice.below(names.size())]);
  if (!target.measure->applies(world.shapes.at(target.subject))) {
    target.measure = &measure_named("uses");
  }
  if (target.measure->name == "adoption" && dice.flip()) {
    target.subject = rules.combinations[dice.below(2)].name;
  }
  if (target.measure->has_windows) target.window = rules.windows[dice.below(rules.windows.size())];
  target.comparison = dice.flip() ? Comparison::min : Comparison::max;
  target.strict = dice.flip();
  target.start = at - hours(dice.below(24 * 7)) + hours(12);
  target.due = target.start + hours(1 + dice.below(24 * 8));
  target.mode = static_cast<TargetMode>(dice.below(3));
  const std::array<double, 4> usual{0, 0.25, 0.5, 3};
  target.threshold =
      dice.flip() ? usual[dice.below(usual.size())] : expected.value(target, at).value_or(0.5);
  return target;
}

std::string key(std::string_view name, const Target& target) {
  return fmt::format("{}|{}|{}", name, target.subject, target.id);
}

constexpr double kNone = -1e300;

bool same(const std::optional<double>& a, const std::optional<double>& b) {
  const double one = a.value_or(kNone), other = b.value_or(kNone);
  return std::abs(one - other) <= 1e-9 * std::max(1.0, std::abs(other));
}

TEST(Phases, HoldFromTheLaunchOfEachFeature) {
  RandomWorld random(1);
  const Instant launch = random.instant();
  UsageRules rules = random.rules;
  const std::string feature = rules.features.begin()->first;
  for (auto& [name, of_feature] : rules.features) of_feature.launched_at.reset();
  rules.features[feature].launched_at = launch;
  rules.phases = {{"first", Duration{}, days(14)}, {"later", days(14), days(30)}};
  const Facts facts = reference::read(random.world);
  const auto series = [&](Instant at) {
    return reference::series_of(evaluate(facts, rules, at, true, {feature}, false).metrics);
  };
  const std::string first = "|" + feature + "|first", later = "|" + feature + "|later";
  Series on_day = series(launch + days(14) - Duration(1));
  EXPECT_EQ(on_day.at("usage_phase_active" + first), 1);
  EXPECT_EQ(on_day.at("usage_phase_active" + later), 0);
  EXPECT_EQ(on_day.at("usage_phase_start_timestamp_seconds" + later),
            unix_seconds(launch + days(14)));
  EXPECT_EQ(on_day.at("usage_phase_end_timestamp_seconds" + later),
            unix_seconds(launch + days(30)));
  on_day = series(launch + days(14));
  EXPECT_EQ(on_day.at("usage_phase_active" + first), 0);
  EXPECT_EQ(on_day.at("usage_phase_active" + later), 1);
  EXPECT_EQ(series(launch - Duration(1)).at("usage_phase_active" + first), 0);
}

TEST(TargetsProperty, EqualVerdictsWorkedOutFromTheRows) {
  int met = 0, missed = 0, unknown = 0, first = 0;
  for (std::uint64_t seed = 1; seed <= kWorlds; ++seed) {
    RandomWorld random(seed);
    Dice dice{std::mt19937_64(seed)};
    const bool live = dice.flip();
    Instant at = random.instant();
    if (!live) at -= at.time_since_epoch() % random.world.width;  // as measures round it
    Facts facts = reference::read(random.world);
    UsageRules rules = random.rules;
    Expected before(random, at, live);
    for (int i = 0; i < kTargets; ++i) {
      rules.targets.push_back(random_target(dice, random.rules, random.world, before, at));
      rules.targets.back().id = fmt::format("t{}", i);
    }
    // A history that saw another day must come to the same end as one made anew; live, also when
    // rows came late or vanished since.
    TargetHistory history;
    if (dice.flip()) {
      const Instant other = dice.flip() ? at - hours(40) : at + hours(40);
      evaluate(facts, rules, other, live, {}, true, &history);
      if (live) reference::read_again(random.world, random.change(), facts);
    }
    Expected expected(random, at, live);
    const Series actual =
        reference::series_of(evaluate(facts, rules, at, live, {}, true, &history).metrics);
    for (const Target& target : rules.targets) {
      const auto trace = [&] {
        return fmt::format("seed {}, {} {}{} mode {}, from {} due {} at {} in {}", seed, target.id,
                           key_of(target, rules), live ? " live" : "",
                           static_cast<int>(target.mode), format_rfc3339(target.start),
                           format_rfc3339(target.due), format_rfc3339(at), rules.zone.name());
      };
      std::optional<double> value;
      if (at >= target.start) value = expected.value(target, at);
      ASSERT_TRUE(same(found(actual, key("usage_target_value", target)), value)) << trace();
      std::optional<double> attainment;
      const double above =
          target.comparison == Comparison::min ? value.value_or(0) : target.threshold;
      const double below =
          target.comparison == Comparison::min ? target.threshold : value.value_or(0);
      if (value && below != 0) attainment = above / below;
      ASSERT_TRUE(same(found(actual, key("usage_target_attainment_ratio", target)), attainment))
          << trace();
      std::optional<double> active;
      if (value && target.window) active = expected.active(at, target.window->label);
      if (active) {
        ASSERT_EQ(found(actual, key("usage_target_population", target)), active) << trace();
      }
      if (active && value && target.measure->name == "adoption") {
        // Wilson's interval ends where the value is as far away as chance allows.
        const auto low = found(actual, key("usage_target_value_lower_bound", target));
        ASSERT_EQ(low.has_value(), target.comparison == Comparison::min) << trace();
        ASSERT_LE(low.value_or(0), *value + 1e-12) << trace();
        const double z = 1.959963984540054, away = *value - low.value_or(*value);
        const double near = low ? z * z * *low * (1 - *low) / *active : 0;
        ASSERT_NEAR(away * away, near, 1e-9) << trace();
      }
      const auto is_met = expected.met(target);
      const auto said = found(actual, key("usage_target_met", target));
      ASSERT_EQ(said, is_met ? std::optional(*is_met ? 1.0 : 0.0) : std::nullopt) << trace();
      ++(is_met ? *is_met ? met : missed : unknown);
      const auto since = expected.first_met(target);
      ASSERT_TRUE(same(found(actual, key("usage_target_first_met_timestamp_seconds", target)),
                       since ? std::optional(unix_seconds(*since)) : std::nullopt))
          << trace() << ", expected first at " << (since ? format_rfc3339(*since) : "none");
      first += since ? 1 : 0;
    }
  }
  // Of each kind enough, or the test tells nothing.
  for (const int count : {met, missed, unknown, first}) EXPECT_GE(count, kSanitized ? 3 : 30);
}

}  // namespace
}  // namespace usage
