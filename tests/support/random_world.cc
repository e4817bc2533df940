#include "tests/support/random_world.h"

#include <algorithm>
#include <array>

#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"

namespace usage::reference {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr int kDays = 80;  // on either side of the middle there are half of them

// Zones and an instant in the middle of something: changes of the clock, a day that never was.
struct Place {
  const char* zone;
  const char* middle;
  int width_minutes;
};

constexpr std::array kPlaces{
    Place{"Europe/Berlin", "2026-03-29T01:00:00Z", 60},
    Place{"Europe/Berlin", "2026-10-25T01:00:00Z", 60},
    Place{"America/New_York", "2026-03-08T07:00:00Z", 60},
    Place{"America/New_York", "2026-11-01T06:00:00Z", 60},
    Place{"Asia/Kathmandu", "2026-06-15T00:00:00Z", 15},
    Place{"Asia/Kathmandu", "2026-06-15T00:00:00Z", 60},  // its days begin within a bucket
    Place{"America/Santiago", "2026-04-05T03:00:00Z", 60},
    Place{"America/Santiago", "2026-09-06T04:00:00Z", 60},
    Place{"Pacific/Apia", "2011-12-30T10:00:00Z", 60},
    Place{"Australia/Lord_Howe", "2026-04-04T15:00:00Z", 30},
    Place{"UTC", "2026-02-28T00:00:00Z", 60},
};

Instant round_down(Instant time, Duration width) {
  return Instant(time.time_since_epoch() / width * width);
}

Window rolling(const char* label, Duration length) { return {.label = label, .rolling = length}; }
Window calendar(const char* label, CalendarUnit unit, int offset) {
  return {.label = label, .rolling = {}, .unit = unit, .offset = offset};
}

}  // namespace

RandomWorld::RandomWorld(std::uint64_t seed) : random_(seed) {
  const Place& place = kPlaces[below(kPlaces.size())];
  rules.zone = TimeZone(place.zone);
  middle_ = parse_rfc3339(place.middle).value();
  world.width = minutes(place.width_minutes);
  world.has_users_table = chance(80);
  make_people();
  const std::size_t features = 1 + below(3);
  for (std::size_t i = 0; i < features; ++i) {
    const std::string name = std::array{"export", "share", "search"}[i];
    world.shapes[name] = shape(name);
    auto& rows = world.rows[name];
    const std::size_t count = chance(5) ? 0 : below(250);
    for (std::size_t n = 0; n < count; ++n) rows.push_back(row(world.shapes[name]));
  }
  const std::size_t visits = chance(20) ? 0 : below(300);
  for (std::size_t n = 0; n < visits; ++n) world.visits.push_back({user(), time()});
  make_rules();
}

Instant RandomWorld::time() {
  const Instant time = middle_ - days(kDays / 2) + minutes(below(kDays * 24 * 60)) +
                       std::chrono::microseconds(below(60'000'000));
  switch (below(12)) {
    case 0:
      return round_down(time, world.width);
    case 1:
      return rules.zone.start_of(CalendarUnit::day, time);
    case 2:
      return rules.zone.start_of(CalendarUnit::week, time) - Duration(1);
    default:
      return time;
  }
}

Instant RandomWorld::instant() {
  const Instant at = chance(50) ? middle_ + hours(below(24 * 10)) : time();
  switch (below(6)) {
    case 0:
      return rules.zone.start_of(CalendarUnit::week, at);
    case 1:
      return rules.zone.start_of(CalendarUnit::day, at);
    case 2:
      return round_down(at, world.width);
    default:
      return at + Duration(below(3'600'000'000));
  }
}

std::string RandomWorld::user() {
  const std::size_t crowd = world.people.empty() ? 8 : world.people.size() + 2;
  return fmt::format("u{}", below(crowd));
}

Person RandomWorld::person(std::string id) {
  Person person{.id = std::move(id),
                .excluded = chance(10),
                .eligible = chance(90),
                .created_at = {},
                .deleted_at = {},
                .team = {}};
  if (chance(80)) person.created_at = time();
  if (chance(15)) person.deleted_at = time();
  if (chance(70)) person.team = "team " + std::to_string(below(4));
  return person;
}

void RandomWorld::make_people() {
  const std::size_t count = chance(10) ? 0 : 1 + below(24);
  for (std::size_t i = 0; i < count; ++i) world.people.push_back(person(fmt::format("u{}", i)));
}

FeatureShape RandomWorld::shape(const std::string& name) {
  FeatureShape shape;
  shape.name = name;
  shape.has_users = chance(90);
  shape.has_outcome = chance(70);
  shape.has_scope = chance(50);
  if (shape.has_outcome && chance(70)) shape.reasons = {"timeout", "too_large"};
  if (chance(80)) shape.dimensions.push_back("format");
  if (chance(80)) shape.dimensions.push_back("report_type");
  if (chance(50)) shape.duration_bounds = {0.5, 1, 5};
  if (chance(30)) shape.duration_bounds = {1, 2.5, 5, 10};
  if (chance(50)) shape.size_bounds = {1000, 1'000'000};
  return shape;
}

Row RandomWorld::row(const FeatureShape& shape) {
  Row row;
  row.time = time();
  if (shape.has_users && !chance(8)) row.user = user();
  row.success = !shape.has_outcome || chance(85);
  if (!row.success) row.reason = std::array{"", "timeout", "too_large", "odd"}[below(4)];
  for (const std::string& dimension : shape.dimensions) {
    row.dimensions.push_back(
        dimension == "format" ? std::array{"csv", "csv", "csv", "png", "pdf", "", "other"}[below(7)]
                              : "type " + std::to_string(below(6) * below(6)));
  }
  if (shape.has_scope && chance(80)) row.scope = "channel " + std::to_string(below(9));
  if (!shape.duration_bounds.empty() && chance(80)) {
    row.duration = static_cast<double>(below(48)) / 4;
  }
  if (!shape.size_bounds.empty() && chance(80)) {
    row.size = static_cast<double>(below(2'000'000));
  }
  return row;
}

void RandomWorld::make_rules() {
  rules.k_anonymity = std::array{0, 1, 2, 3, 5}[below(5)];
  rules.max_series = 1'000'000;
  rules.windows = {rolling("1d", days(1)),
                   rolling("7d", days(7)),
                   rolling("28d", days(28)),
                   calendar("last_week", CalendarUnit::week, -1),
                   calendar("this_week", CalendarUnit::week, 0),
                   calendar("last_month", CalendarUnit::month, -1),
                   calendar("yesterday", CalendarUnit::day, -1)};
  if (chance(30)) rules.windows.push_back(rolling("100m", minutes(100)));
  std::vector<std::string> names;
  for (const auto& [name, shape] : world.shapes) {
    names.push_back(name);
    FeatureRules& feature = rules.features[name];
    if (chance(70)) feature.launched_at = time();
    for (std::size_t d = 0; d < shape.dimensions.size(); ++d) {
      DimensionRules& rule = feature.dimensions.emplace_back();
      if (chance(30)) {
        rule.allow_top = below(4);
      } else if (shape.dimensions[d] == "format") {
        rule.allow = {"csv", "png", "gif"};
      } else {
        rule.allow = {"type 0", "type 1", "type 2", "type 0", "other"};
      }
    }
    if (chance(30)) {
      feature.regular_min_periods = 1 + static_cast<int>(below(3));
      feature.regular_of_periods = feature.regular_min_periods + static_cast<int>(below(3));
      feature.regular_period = days(1 + below(10));
      feature.power_min_active_days = 3;
      feature.core_min_active_days = 2;
      feature.at_risk_silent_for = days(3 + below(14));
    }
  }
  rules.combinations = {{"both", true, names}, {"either", false, names}};
}

Interval RandomWorld::change() {
  const Instant from = round_down(time(), world.width);
  const Interval interval{from, from + world.width * static_cast<int>(1 + below(24 * 30))};
  const auto within = [&](Instant time) { return time >= interval.from && time < interval.to; };
  for (auto& [name, rows] : world.rows) {
    std::erase_if(rows, [&](const Row& row) { return within(row.time) && chance(20); });
    for (Row& old : rows) {
      if (!within(old.time) || !chance(20)) continue;
      const Instant time = old.time;
      old = row(world.shapes[name]);
      old.time = time;
    }
    const std::size_t late = below(40);
    for (std::size_t i = 0; i < late; ++i) {
      Row fresh = row(world.shapes[name]);
      if (within(fresh.time)) rows.push_back(fresh);
    }
  }
  std::erase_if(world.visits, [&](const Visit& visit) { return within(visit.time) && chance(20); });
  if (!world.people.empty() && chance(70)) {
    Person& changed = world.people[below(world.people.size())];
    changed = person(changed.id);
  }
  return interval;
}

}  // namespace usage::reference
