#include <algorithm>
#include <cmath>

#include "exporter/demo/plan.h"

namespace usage::demo {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr double kPreviewed = 0.5;  // by a bot of the chat the link was posted to
constexpr double kOpenedByCreator = 0.3;
constexpr double kOpenedByOthers = 0.73;
constexpr double kExternal = 0.4;
constexpr double kRevoked = 0.04;
constexpr std::int64_t kFirstOutsider = 1'000'001;
constexpr std::int64_t kOutsidersPerAccount = 12;

// Anyone but the creator who has an account at that time.
std::int64_t somebody_else(Random& random, const Product& product, std::int64_t creator,
                           Instant at) {
  while (true) {
    const auto drawn = random.between(1, static_cast<std::int64_t>(product.users.size()));
    const User& user = product.users[static_cast<std::size_t>(drawn - 1)];
    const bool present = user.created_at <= at && (!user.deleted_at || at < *user.deleted_at);
    if (drawn != creator && present) return drawn;
  }
}

}  // namespace

void open_link(Random& random, std::size_t index, Product& product) {
  SharedReport& share = product.shares[index];
  const auto account = product.users[static_cast<std::size_t>(share.created_by - 1)].account_id;
  Instant closed = Instant::max();
  if (share.ttl_hours) closed = share.created_at + hours(*share.ttl_hours);
  if (random.chance(kRevoked)) {
    const Instant revoked = share.created_at + seconds(random.between(3'600, 20 * 86'400));
    if (revoked < closed) share.revoked_at = closed = revoked;
  }
  const auto open = [&](Instant at, std::optional<std::int64_t> viewer, std::string_view kind) {
    if (at >= closed) return;
    product.accesses.push_back({0, static_cast<std::int64_t>(index), at, viewer, kind});
  };

  if (random.chance(kPreviewed)) {
    open(share.created_at + seconds(random.between(1, 20)), std::nullopt, "bot");
  }
  if (random.chance(kOpenedByCreator)) {
    for (auto left = random.between(1, 2); left > 0; --left) {
      open(share.created_at + seconds(random.between(10, 7'200)), share.created_by, "creator");
    }
  }
  if (!random.chance(kOpenedByOthers)) return;
  const auto accesses = static_cast<int>(std::min(random.pareto(1.4), 60.0));
  double delay = random.exponential(0.5 * 86'400);
  for (int i = 0; i < accesses; ++i) {
    const Instant at = share.created_at + seconds(60 + static_cast<std::int64_t>(delay));
    if (random.chance(kExternal)) {
      const auto outsider = random.between(0, kOutsidersPerAccount - 1);
      open(at, kFirstOutsider + account * kOutsidersPerAccount + outsider, "external");
    } else {
      open(at, somebody_else(random, product, share.created_by, at), "member");
    }
    delay += random.exponential(0.8 * 86'400);
  }
}

}  // namespace usage::demo
