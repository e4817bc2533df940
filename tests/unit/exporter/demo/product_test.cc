#include "exporter/demo/product.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "exporter/base/timestamps.h"

namespace usage::demo {
namespace {

using std::chrono::days;
using std::chrono::hours;

using Users = std::set<std::int64_t>;

const Instant kLaunch = *parse_rfc3339("2026-09-11T00:00:00Z");
const Product& product() {
  static const Product made = make_product(kDefaultSeed, kLaunch);
  return made;
}

// Plain loops over the rows, as of one instant: what the exporter's measures must come to as well.
struct View {
  Instant at;

  bool within(Instant instant, int window) const {
    return at - days(window) <= instant && instant < at;
  }
  // Neither internal nor erased.
  bool counts(std::int64_t id) const {
    const User& user = product().users[static_cast<std::size_t>(id - 1)];
    return !user.is_internal && !(user.deleted_at && *user.deleted_at < at);
  }
  bool is_use(const Export& row, int window) const {
    return row.error_code.empty() && within(row.created_at, window) && counts(row.user_id);
  }
  bool is_use(const SharedReport& row, int window) const {
    return within(row.created_at, window) && counts(row.created_by);
  }
  Users exporters(int window) const {
    Users users;
    for (const auto& row : product().exports) {
      if (is_use(row, window)) users.insert(row.user_id);
    }
    return users;
  }
  Users sharers(int window) const {
    Users users;
    for (const auto& row : product().shares) {
      if (is_use(row, window)) users.insert(row.created_by);
    }
    return users;
  }
  Users active(int window) const {
    Users users = exporters(window);
    users.merge(sharers(window));
    for (const auto& row : product().activity) {
      if (within(row.occurred_at, window) && counts(row.user_id)) users.insert(row.user_id);
    }
    return users;
  }
  // A success in at least two of the last four periods of seven days.
  Users regular() const {
    std::map<std::int64_t, std::set<int>> periods;
    for (const auto& row : product().exports) {
      if (!is_use(row, 28)) continue;
      periods[row.user_id].insert(static_cast<int>((at - row.created_at - Duration(1)) / days(7)));
    }
    Users users;
    for (const auto& [user, seen] : periods) {
      if (seen.size() >= 2) users.insert(user);
    }
    return users;
  }
};

std::size_t shared_members(const Users& a, const Users& b) {
  std::size_t count = 0;
  for (const auto user : a) count += b.count(user);
  return count;
}

struct Figures {
  std::size_t weekly_active, exports, tried, exporters, regular, links, sharers, both;
  bool operator==(const Figures&) const = default;
};

void PrintTo(const Figures& f, std::ostream* out) {
  *out << "{" << f.weekly_active << ", " << f.exports << ", " << f.tried << ", " << f.exporters
       << ", " << f.regular << ", " << f.links << ", " << f.sharers << ", " << f.both << "}";
}

Figures figures(int day) {
  const View view{kLaunch + days(day)};
  const Users active = view.active(7);
  Figures f{};
  f.weekly_active = active.size();
  for (const auto& row : product().exports) f.exports += view.is_use(row, 7) ? 1U : 0U;
  for (const auto& row : product().shares) f.links += view.is_use(row, 7) ? 1U : 0U;
  f.tried = shared_members(view.exporters(day), active);
  f.exporters = view.exporters(7).size();
  f.regular = view.regular().size();
  f.sharers = view.sharers(7).size();
  f.both = shared_members(view.exporters(7), view.sharers(7));
  return f;
}

// Links whose seven days, or shorter life, ended in the last 28 days, and those of them that a
// member or an outsider opened before.
std::pair<int, int> mature_links(int day) {
  const Instant at = kLaunch + days(day);
  std::map<std::int64_t, Instant> matured;
  for (const auto& row : product().shares) {
    Instant mature = row.created_at + days(7);
    if (row.ttl_hours) mature = std::min(mature, row.created_at + hours(*row.ttl_hours));
    const bool revoked = row.revoked_at && *row.revoked_at < at;
    if (at - days(28) <= mature && mature < at && !revoked) matured[row.id] = mature;
  }
  std::set<std::int64_t> opened;
  for (const auto& row : product().accesses) {
    const auto link = matured.find(row.share_id);
    const bool human = row.viewer_kind == "member" || row.viewer_kind == "external";
    if (link != matured.end() && human && row.accessed_at < link->second) {
      opened.insert(row.share_id);
    }
  }
  return {static_cast<int>(opened.size()), static_cast<int>(matured.size())};
}

int data_access_tickets(int from_day, int until_day) {
  int count = 0;
  for (const auto& row : product().tickets) {
    count += row.category == "data_access" && kLaunch + days(from_day) <= row.created_at &&
                     row.created_at < kLaunch + days(until_day)
                 ? 1
                 : 0;
  }
  return count;
}

TEST(DemoProduct, hasTheFiguresOfTheLaunch) {
  EXPECT_EQ(figures(14), (Figures{108, 48, 34, 32, 9, 38, 25, 14}));
  EXPECT_EQ(figures(30), (Figures{106, 86, 70, 49, 46, 64, 43, 20}));
  EXPECT_EQ(figures(60), (Figures{106, 99, 91, 54, 66, 72, 46, 24}));
  EXPECT_EQ(figures(75), (Figures{105, 94, 93, 55, 66, 71, 49, 25}));
}

TEST(DemoProduct, linksAreOpenedAboutAsOftenAsWasHoped) {
  EXPECT_EQ(mature_links(30), std::pair(95, 128));
  EXPECT_EQ(mature_links(60), std::pair(188, 261));
  EXPECT_EQ(mature_links(75), std::pair(190, 260));
}

TEST(DemoProduct, ticketsFall) {
  EXPECT_EQ(data_access_tickets(-56, 0), 161);
  EXPECT_EQ(data_access_tickets(32, 60), 52);
  EXPECT_EQ(data_access_tickets(47, 75), 41);
}

TEST(DemoProduct, hasOneBadDay) {
  std::map<bool, std::pair<int, int>> png;           // failures, attempts
  std::map<bool, std::pair<std::int64_t, int>> csv;  // milliseconds, exports
  for (const auto& row : product().exports) {
    // 2026-10-14, the first Wednesday 31 days or more after the launch.
    const bool bad = std::chrono::floor<days>(row.created_at) == kLaunch + days(33);
    if (row.format == "png") {
      png[bad].first += row.error_code.empty() ? 0 : 1;
      ++png[bad].second;
    }
    if (row.format == "csv") {
      csv[bad].first += row.duration_ms;
      ++csv[bad].second;
    }
  }
  EXPECT_EQ(png[true], std::pair(5, 8));
  EXPECT_NEAR(1.0 * png[false].first / png[false].second, 0.03, 0.01);
  EXPECT_GT(csv[true].first / csv[true].second, 2 * csv[false].first / csv[false].second);
}

TEST(DemoProduct, oneExportInAHundredIsLate) {
  double late = 0;
  for (const auto& row : product().exports) {
    ASSERT_GE(row.ingested_at, row.created_at);
    late += row.ingested_at - row.created_at >= hours(1) ? 1 : 0;
  }
  EXPECT_NEAR(late / static_cast<double>(product().exports.size()), 0.01, 0.005);
}

TEST(DemoProduct, nothingIsUsedBeforeTheLaunch) {
  for (const auto& row : product().exports) ASSERT_GE(row.created_at, kLaunch);
  for (const auto& row : product().shares) ASSERT_GE(row.created_at, kLaunch);
  EXPECT_LT(product().activity.front().occurred_at, kLaunch - days(68));
  EXPECT_GT(product().activity.back().occurred_at, kLaunch + days(363));
}

TEST(DemoProduct, nobodyActsBeforeJoiningOrAfterErasure) {
  for (const auto& row : product().activity) {
    const User& user = product().users[static_cast<std::size_t>(row.user_id - 1)];
    ASSERT_LE(user.created_at, row.occurred_at) << "user " << user.id;
    if (user.deleted_at) {
      ASSERT_LT(row.occurred_at, *user.deleted_at) << "user " << user.id;
    }
  }
}

TEST(DemoProduct, linksAreOpenedOnlyWhileTheyAreOpen) {
  for (const auto& row : product().accesses) {
    const SharedReport& link = product().shares[static_cast<std::size_t>(row.share_id - 1)];
    ASSERT_LT(link.created_at, row.accessed_at);
    if (link.ttl_hours) {
      ASSERT_LT(row.accessed_at, link.created_at + hours(*link.ttl_hours));
    }
    if (link.revoked_at) {
      ASSERT_LT(row.accessed_at, *link.revoked_at);
    }
    ASSERT_EQ(row.viewer_kind == "creator", row.viewer_id == link.created_by);
    ASSERT_EQ(row.viewer_kind == "bot", !row.viewer_id);
  }
}

TEST(DemoProduct, someLinksAreGivenToTwoChannels) {
  std::set<std::string> tokens;
  for (const auto& row : product().shares) tokens.insert(row.share_token);
  EXPECT_LT(tokens.size(), product().shares.size());
  EXPECT_GT(tokens.size(), product().shares.size() * 9 / 10);
}

TEST(DemoProduct, aLongerFutureKeepsThePast) {
  const Product shorter = make_product(kDefaultSeed, kLaunch, kDaysBefore, 100);
  ASSERT_LT(shorter.exports.size(), product().exports.size());
  for (std::size_t i = 0; i < shorter.exports.size(); ++i) {
    ASSERT_EQ(shorter.exports[i].created_at, product().exports[i].created_at);
    ASSERT_EQ(shorter.exports[i].id, product().exports[i].id);
    ASSERT_EQ(shorter.exports[i].file_size_bytes, product().exports[i].file_size_bytes);
  }
  for (std::size_t i = 0; i < shorter.accesses.size(); ++i) {
    ASSERT_EQ(shorter.accesses[i].share_id, product().accesses[i].share_id);
    ASSERT_EQ(shorter.accesses[i].accessed_at, product().accesses[i].accessed_at);
  }
  ASSERT_GT(shorter.tickets.size(), 0U);
  EXPECT_EQ(shorter.tickets.back().created_at,
            product().tickets[shorter.tickets.size() - 1].created_at);
}

TEST(DemoProduct, anotherSeedIsAnotherProduct) {
  const Product other = make_product(kDefaultSeed + 1, kLaunch);
  EXPECT_NE(other.exports.front().created_at, product().exports.front().created_at);
  EXPECT_NE(other.exports.size(), product().exports.size());
}

TEST(DemoProduct, launchesAtMidnightSeventyFiveDaysAgo) {
  EXPECT_EQ(format_rfc3339(default_launch(*parse_rfc3339("2026-11-25T08:30:00Z"))),
            "2026-09-11T00:00:00Z");
  EXPECT_EQ(make_product(1, kLaunch + hours(5), 1, 1).launch, kLaunch);
}

}  // namespace
}  // namespace usage::demo
