#include "exporter/demo/plan.h"

#include <algorithm>
#include <array>

namespace usage::demo {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::weekday;

weekday weekday_of(Instant instant) { return weekday(floor<days>(instant)); }

int first_weekday(Instant launch, int day, weekday wanted) {
  return day + static_cast<int>((wanted - weekday_of(launch + days(day))).count());
}

}  // namespace

double Plan::level(int day) const {
  const unsigned weekday = weekday_of(midnight(day)).c_encoding();
  const double shape = std::array{0.05, 0.95, 1.0, 1.05, 1.0, 0.85, 0.07}[weekday];
  const bool holiday = day >= holiday_begin && day < holiday_begin + 7;
  return holiday ? shape * 0.5 : shape;
}

Instant Plan::midnight(int day) const { return launch + days(day); }

Instant Plan::moment(Random& random, int day, int utc_offset) const {
  const double hour = std::clamp(random.normal(13.2, 2.7), 7.0, 21.5);
  return midnight(day) + seconds(static_cast<std::int64_t>(hour * 3600)) - hours(utc_offset);
}

Plan make_plan(std::uint64_t seed, Instant launch, int days_before, int days_after) {
  return {.root = Random(seed),
          .launch = launch,
          .first_day = -days_before,
          .end_day = days_after,
          .bad_day = first_weekday(launch, 31, std::chrono::Wednesday),
          .holiday_begin = first_weekday(launch, 40, std::chrono::Monday)};
}

void open_tickets(const Plan& plan, Product& product) {
  struct Category {
    std::string_view name;
    double before, after;  // a week
  };
  constexpr std::array kCategories{Category{"data_access", 20, 12.5}, Category{"bug", 6, 6.5},
                                   Category{"login", 5, 5}, Category{"billing", 3, 3}};
  constexpr double kDaysToSettle = 21;
  // A week of working days has a level of about 5.
  for (int day = plan.first_day; day < plan.end_day; ++day) {
    Random random = plan.root.fork(2'000'000 + static_cast<std::uint64_t>(day + 10'000));
    const double settled = std::clamp(day / kDaysToSettle, 0.0, 1.0);
    for (const auto& category : kCategories) {
      const double weekly = category.before + (category.after - category.before) * settled;
      const int count = random.poisson(weekly / 5 * plan.level(day));
      for (int i = 0; i < count; ++i) {
        product.tickets.push_back({0, plan.moment(random, day, 0), category.name});
      }
    }
  }
}

}  // namespace usage::demo
