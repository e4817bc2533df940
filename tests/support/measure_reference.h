#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/facts/facts.h"
#include "collectors/measures/context/usage_rules.h"
#include "exporter/exposition/metric.h"

// A world of plain rows, and every measure evaluated over it by loops, sets of text and calendar
// arithmetic of its own: what the measures must equal.
namespace usage::reference {

struct Row {
  Instant time;
  std::optional<std::string> user;
  bool success = true;
  std::string reason;
  std::vector<std::string> dimensions;
  std::optional<std::string> scope;
  std::optional<double> duration, size;
};

struct Visit {
  std::string user;
  Instant time;
};

struct Person {
  std::string id;
  bool excluded = false, eligible = true;
  std::optional<Instant> created_at, deleted_at;
  std::optional<std::string> team;
};

struct World {
  Duration width = std::chrono::hours(1);
  bool has_users_table = true;
  std::vector<Person> people;
  std::vector<Visit> visits;
  std::map<std::string, FeatureShape> shapes;
  std::map<std::string, std::vector<Row>> rows;
};

// The facts of the world, read in one go.
Facts read(const World& world);
// What a refresh does: reads the rows of an interval of buckets, and all people, again.
void read_again(const World& world, const Interval& interval, Facts& facts);

using Series = std::map<std::string, double>;  // name and labels → value

// Every series of the table but the window bounds. Counters as of `at` by rows.
Series measures(const World& world, const UsageRules& rules, Instant at, bool live);

// The series of families, for comparison.
Series series_of(const Metrics& metrics);

}  // namespace usage::reference
