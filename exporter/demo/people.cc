#include <algorithm>
#include <array>
#include <cmath>

#include "exporter/base/format.h"
#include "exporter/demo/plan.h"

namespace usage::demo {
namespace {

using std::chrono::hours;

constexpr int kTeams = 15;
constexpr int kAccounts = 20;
constexpr int kUsers = 120;
constexpr int kInternal = 3;
constexpr int kNewcomers = 8;  // the last users; they join within the history
constexpr double kLosesInterest = 0.08;
constexpr double kNever = 0.05;  // never tries the feature
constexpr int kFarAway = 1'000'000;

struct Appeal {
  double median_days, sigma;  // until the first use
  double per_week, spread;    // uses
};
constexpr Appeal kExporting{19, 0.80, 0.96, 0.50};
constexpr Appeal kSharing{23, 0.85, 0.64, 0.40};
constexpr double kKeen = 0.75;  // how much a keen person takes to both features, as a part of sigma

// Accounts 18 to 20 are small, and leave with their people: two before the launch, one after.
struct Departure {
  int user, day;
};
constexpr std::array kDepartures{Departure{110, -47}, Departure{111, -16}, Departure{109, -15},
                                 Departure{108, 24},  Departure{40, 33},   Departure{77, 58},
                                 Departure{63, 64},   Departure{21, 67}};
constexpr std::array kErasures{Departure{55, 20}, Departure{90, 50}};

std::int64_t account_of(int user) {
  if (user == 108 || user == 109) return 18;
  if (user == 110 || user == 111) return user - 91;
  return 1 + (user * 7) % 17;
}

// A log-normal draw of which the person's keenness decides a part.
double draw(Random& random, double median, double sigma, double keenness) {
  const double rest = std::sqrt(1 - kKeen * kKeen);
  return random.log_normal(median, sigma * rest) * std::exp(sigma * kKeen * keenness);
}

Habit make_habit(Random& random, const Appeal& appeal, double activity, double keenness) {
  Habit habit{};
  const double days = std::min(draw(random, appeal.median_days, appeal.sigma, -keenness), 200.0);
  const double weekly = std::min(draw(random, appeal.per_week, appeal.spread, keenness), 9.0);
  const double interest = 14 + random.exponential(20);
  habit.first_day = random.chance(kNever) ? kFarAway : static_cast<int>(days);
  habit.end_day =
      random.chance(kLosesInterest) ? habit.first_day + static_cast<int>(interest) : kFarAway;
  habit.per_active_day = weekly / (5 * std::max(activity, 0.3));
  return habit;
}

int end_of(int user) {
  for (const auto& [who, day] : kDepartures) {
    if (who == user) return day;
  }
  for (const auto& [who, day] : kErasures) {
    if (who == user) return day;
  }
  return kFarAway;
}

void make_groups(const Plan& plan, Product& product) {
  constexpr std::array<std::string_view, 3> kPlans{"starter", "pro", "enterprise"};
  const Instant founded = plan.midnight(plan.first_day) - hours(24 * 400);
  for (int i = 1; i <= kTeams; ++i) {
    product.teams.push_back({i, fmt::format("team {:02}", i), founded});
  }
  for (int i = 1; i <= kAccounts; ++i) {
    product.accounts.push_back({i, fmt::format("account {:02}", i),
                                kPlans[static_cast<std::size_t>(i % 3)],
                                founded + hours(24 * 5 * i)});
  }
}

}  // namespace

std::vector<Person> make_people(const Plan& plan, Product& product) {
  make_groups(plan, product);
  std::vector<Person> people;
  for (int user = 0; user < kUsers; ++user) {
    Random random = plan.root.fork(1'000 + static_cast<std::uint64_t>(user));
    const bool newcomer = user >= kUsers - kNewcomers;
    Person person{};
    person.user = static_cast<std::size_t>(user);
    person.utc_offset =
        static_cast<int>(std::array{-5, 0, 1, 2}[random.pick(std::array{0.2, 0.25, 0.4, 0.15})]);
    person.activity = std::max(random.beta(4, 2), 0.15);
    const auto years = static_cast<int>(random.between(1, 370));
    // Spread over the weeks before and after the launch, whatever the length of the history.
    person.first_day = newcomer ? -45 + 15 * (user - (kUsers - kNewcomers)) : -kDaysBefore - years;
    person.end_day = end_of(user);
    const double keenness = random.normal(0, 1);
    person.exporting = make_habit(random, kExporting, person.activity, keenness);
    person.sharing = make_habit(random, kSharing, person.activity, keenness);
    people.push_back(person);

    const bool erased =
        std::any_of(kErasures.begin(), kErasures.end(),
                    [user](const Departure& erasure) { return erasure.user == user; });
    product.users.push_back(
        {.id = user + 1,
         .created_at = plan.midnight(person.first_day) + hours(7) +
                       std::chrono::seconds(random.between(0, 36'000)),
         .deleted_at =
             erased ? std::optional(plan.midnight(person.end_day) + hours(4)) : std::nullopt,
         .is_internal = user < kInternal,
         .team_id = 1 + user % kTeams,
         .account_id = account_of(user)});
  }
  return people;
}

}  // namespace usage::demo
