#pragma once

#include <memory>

#include "exporter/clock.h"
#include "tests/support/measure_reference.h"
#include "tests/support/source_fixture.h"

namespace usage::reference {

// The core measures as plain SQL over the whole tables of a world, as anybody would ask for them.
// The same statements for every driver.
class SqlMeasures {
 public:
  explicit SqlMeasures(const testing::Place& place);

  void write(const World& world);  // replaces the tables
  // Not live; k-anonymity is left out. Every bound must lie on a bucket edge.
  Series ask(const World& world, const UsageRules& rules, Instant at);

 private:
  using Bounds = std::vector<Parameter>;
  double number(const std::string& sql, const Bounds& bounds);
  void ask_windows(const std::string& feature);
  void ask_dimensions(const std::string& feature, const std::string& window, const Bounds& bounds);
  void ask_regulars(const std::string& feature);
  void ask_weeks(const std::string& feature);
  void ask_product();

  testing::Place place_;
  SystemClock clock_;
  std::unique_ptr<Source> source_;
  const World* world_ = nullptr;
  const UsageRules* rules_ = nullptr;
  Instant at_;
  Series series_;
};

}  // namespace usage::reference
