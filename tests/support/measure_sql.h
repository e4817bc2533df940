#pragma once

#include <map>
#include <memory>
#include <string>

#include "exporter/base/clock.h"
#include "tests/support/measure_reference.h"
#include "tests/support/source_fixture.h"

namespace usage::reference {

// Every measure as plain SQL over the whole tables of a world: measures.sql, the same statements
// for every driver. Local days, weeks and months are PostgreSQL's own where it runs.
class SqlMeasures {
 public:
  explicit SqlMeasures(const testing::Place& place);

  bool has(std::string_view measure) const;  // a statement
  void write(const World& world);            // replaces the tables
  // Ask after write().
  Series ask(const World& world, const UsageRules& rules, Instant at, bool live);

 private:
  void write_rules(const World& world, const UsageRules& rules);
  void write_calendar(const TimeZone& zone, Instant at);
  void add_series(const std::string& measure);

  testing::Place place_;
  SystemClock clock_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Source> source_;
  std::map<std::string, std::string, std::less<>> statements_;
  Series series_;
};

}  // namespace usage::reference
