#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/demo/product.h"
#include "exporter/demo/random.h"

// The parts of make_product; nothing else includes this.
namespace usage::demo {

// Days count from the launch: -1 is the day before it.
struct Plan {
  Random root;
  Instant launch;
  int first_day;
  int end_day;
  int bad_day;        // a Wednesday on which rendering suffered
  int holiday_begin;  // a Monday; the week is quiet

  // How busy the product is: 1 on a working day.
  double level(int day) const;
  Instant midnight(int day) const;
  // A moment of office hours at `utc_offset` hours east.
  Instant moment(Random& random, int day, int utc_offset) const;
};

Plan make_plan(std::uint64_t seed, Instant launch, int days_before, int days_after);

// How a person takes to one feature.
struct Habit {
  int first_day;  // of trying it
  int end_day;    // of losing interest
  double per_active_day;
};

struct Person {
  std::size_t user;  // index into Product::users
  int utc_offset;
  double activity;  // chance of being active on a working day
  int first_day;
  int end_day;  // left or erased
  Habit exporting;
  Habit sharing;
};

// Fills teams, accounts and users.
std::vector<Person> make_people(const Plan& plan, Product& product);

// Appends what one person did, day by day. Ids are left 0; ShareAccess::share_id is the index of
// the share.
void live(const Plan& plan, const Person& person, Product& product);

// Appends the accesses of the share at `index`, and may revoke it.
void open_link(Random& random, std::size_t index, Product& product);

void open_tickets(const Plan& plan, Product& product);

}  // namespace usage::demo
