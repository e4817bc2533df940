#include "exporter/demo/product.h"

#include <algorithm>
#include <numeric>

#include "exporter/demo/plan.h"

namespace usage::demo {
namespace {

template <typename Row>
void sort_and_number(std::vector<Row>& rows, Instant end) {
  std::erase_if(rows, [end](const Row& row) { return appears(row) >= end; });
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return appears(a) < appears(b); });
  std::int64_t id = 0;
  for (Row& row : rows) row.id = ++id;
}

// Accesses name their share by its place in the unsorted table.
void sort_shares(Product& product, Instant end) {
  const auto size = product.shares.size();
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&product](std::size_t a, std::size_t b) {
    return product.shares[a].created_at < product.shares[b].created_at;
  });
  std::vector<std::int64_t> id_of(size);
  for (std::size_t i = 0; i < size; ++i) id_of[order[i]] = static_cast<std::int64_t>(i) + 1;
  for (auto& access : product.accesses) {
    access.share_id = id_of[static_cast<std::size_t>(access.share_id)];
  }
  sort_and_number(product.shares, end);
}

}  // namespace

Instant default_launch(Instant now) {
  return std::chrono::floor<std::chrono::days>(now) - std::chrono::days(75);
}

Product make_product(std::uint64_t seed, Instant launch, int days_before, int days_after) {
  launch = std::chrono::floor<std::chrono::days>(launch);
  const Plan plan = make_plan(seed, launch, days_before, days_after);
  Product product{};
  product.seed = seed;
  product.launch = launch;
  for (const Person& person : make_people(plan, product)) live(plan, person, product);
  open_tickets(plan, product);

  const Instant end = plan.midnight(days_after);
  sort_shares(product, end);
  sort_and_number(product.activity, end);
  sort_and_number(product.exports, end);
  sort_and_number(product.accesses, end);
  sort_and_number(product.ratings, end);
  sort_and_number(product.tickets, end);
  sort_and_number(product.feedback, end);
  return product;
}

}  // namespace usage::demo
