// What is no feature's use: links and who opened them, ratings, tickets; on real SQLite files.
#include <gtest/gtest.h>

#include "tests/support/state_file_fixture.h"
#include "tests/support/usage_bench.h"

namespace usage {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using usage::testing::Bench;
using usage::testing::kNow;
using usage::testing::text_at;

constexpr char kTables[] =
    "CREATE TABLE links (id INTEGER, at TEXT, who TEXT, token TEXT, ttl INTEGER, revoked TEXT, "
    "opened INTEGER DEFAULT 0);"
    "CREATE TABLE opens (link INTEGER, at TEXT, viewer TEXT, kind TEXT);"
    "CREATE TABLE ratings (at TEXT, who TEXT, feature TEXT, score REAL, most REAL);"
    "CREATE TABLE people (id TEXT, staff INTEGER);"
    "INSERT INTO people VALUES ('ann', 0), ('bob', 0), ('cleo', 0), ('root', 1);";

constexpr char kConfig[] = R"(
windows: [7d]
privacy: {k_anonymity: 1}
population: {users: {table: people, id: id, exclude: {column: staff, equals: true}}}
features:
  share:
    table: links
    time: at
    user: who
    artifact:
      id: id
      token: token
      ttl: {column: ttl, unit: h}
      revoked_at: revoked
      access_count: opened
      accesses:
        {table: opens, time: at, artifact: link, viewer: viewer,
         kind: {column: kind, creator: [owner], member: [colleague], external: [guest], bot: [bot]}}
business:
  ratings:
    {table: ratings, time: at, user: who, feature: feature, min_count: 1,
     score: {column: score, max_column: most}}
)";

std::string link(int id, Instant at, const std::string& rest) {
  return fmt::format("INSERT INTO links VALUES ({}, '{}', {});", id, text_at(at), rest);
}
std::string open(int id, Instant at, const std::string& rest) {
  return fmt::format("INSERT INTO opens VALUES ({}, '{}', {});", id, text_at(at), rest);
}
std::string rate(Instant at, const std::string& rest) {
  return fmt::format("INSERT INTO ratings VALUES ('{}', {});", text_at(at), rest);
}

const std::vector<std::string> kWindow{"share", "7d"};
const Instant kMade = kNow - days(10);  // 20 minutes past an hour; mature three days ago

TEST(Records, ALinkIsOpenedByWhoCountsBeforeItMatures) {
  Bench bench(kTables, kConfig);
  const Instant mature = kMade + minutes(40) + days(7);
  bench.run_sql(link(1, kMade, "'ann', 'a', NULL, NULL, 0") +
                open(1, kMade + hours(1), "'ann', 'owner'") +
                open(1, kMade + hours(1), "'', 'bot'") + open(1, mature, "'g1', 'guest'"));
  bench.run();
  EXPECT_EQ(bench.value("usage_artifacts_mature", kWindow), 1);
  EXPECT_EQ(bench.value("usage_artifact_access_ratio", kWindow), 0);
  bench.run_sql(open(1, mature - minutes(1), "'g1', 'guest'"));
  bench.now += days(1);
  bench.run();
  EXPECT_EQ(bench.value("usage_artifact_access_ratio", kWindow), 1);
  EXPECT_EQ(bench.value("usage_artifact_external_access_ratio", kWindow), 1);
  EXPECT_EQ(bench.value("usage_artifact_accesses_mean", kWindow), 1);
  EXPECT_EQ(bench.value("usage_artifact_accesses_total", {"share", "external"}), 2);
  EXPECT_EQ(bench.value("usage_artifact_accesses_total", {"share", "bot"}), 1);
}

TEST(Records, AShortLivedLinkMaturesWhenItExpires) {
  Bench bench(kTables, kConfig);
  bench.run_sql(link(1, kNow - hours(30), "'ann', 'a', 24, NULL, 0") +
                link(2, kNow - hours(30), "'ann', 'b', 0, NULL, 0") +
                link(3, kNow - hours(24), "'ann', 'c', 24, NULL, 0") +
                link(4, kNow - hours(30), "'ann', 'd', NULL, NULL, 0"));
  bench.run();
  EXPECT_EQ(bench.value("usage_artifacts_mature", kWindow), 1);
  EXPECT_EQ(bench.value("usage_artifacts_without_expiry", kWindow), 2);
  EXPECT_EQ(bench.value("usage_artifact_ttl_seconds_mean", kWindow), 86400);

  // The third can be opened until the open bucket ends.
  bench.now += minutes(39);
  bench.run();
  EXPECT_EQ(bench.value("usage_artifacts_mature", kWindow), 1);
  bench.now += minutes(1);
  bench.run();
  EXPECT_EQ(bench.value("usage_artifacts_mature", kWindow), 2);
}

TEST(Records, RevokedLinksAndThoseOfStaffAreNone) {
  Bench bench(kTables, kConfig);
  bench.run_sql(link(1, kMade, "'ann', 'a', NULL, NULL, 0") +
                link(2, kMade, "'root', 'b', NULL, NULL, 0") +
                link(3, kMade, "NULL, 'c', NULL, NULL, 0"));
  bench.run();
  EXPECT_EQ(bench.value("usage_artifacts_mature", kWindow), 2);
  bench.run_sql("UPDATE links SET revoked = at WHERE id = 1");
  bench.now += days(1);
  bench.run();
  EXPECT_EQ(bench.value("usage_artifacts_mature", kWindow), 1);
}

TEST(Records, ATotalOfAccessesIsFollowedAsItRises) {
  Bench bench(kTables, kConfig);
  bench.run_sql(link(1, kMade, "'ann', 'a', NULL, NULL, 3") +
                link(2, kMade, "'ann', 'b', NULL, NULL, 0"));
  bench.run();
  EXPECT_EQ(bench.value("usage_artifact_approximate_access_ratio", kWindow), 0.5);
  EXPECT_EQ(bench.value("usage_artifact_approximate_accesses_total", {"share"}), 3);
  bench.run_sql(
      "UPDATE links SET opened = 5 WHERE id = 2; UPDATE links SET opened = 0 WHERE id = 1");
  bench.now += days(1);
  bench.run();
  EXPECT_EQ(bench.value("usage_artifact_approximate_access_ratio", kWindow), 0.5);
  EXPECT_EQ(bench.value("usage_artifact_approximate_accesses_total", {"share"}), 5);
}

TEST(Records, TheLatestRatingOfEverybodyCounts) {
  Bench bench(kTables, kConfig);
  bench.run_sql(rate(kNow - days(100), "'bob', 'share', 1, 10") +  // too long ago
                rate(kNow - days(3), "'ann', 'share', 2, 10") +
                rate(kNow - days(2), "'ann', 'share', 4, 5") +
                rate(kNow - minutes(10), "'cleo', 'share', 9, 10") +
                rate(kNow - minutes(5), "'cleo', 'share', 6, 10") +  // in the same bucket
                rate(kNow - hours(1), "'root', 'share', 1, 10") +
                rate(kNow - hours(1), "'stranger', 'share', 1, 10") +
                rate(kNow - hours(1), "'bob', 'export', 1, 10") +
                rate(kNow - hours(1), "'bob', 'share', NULL, 10") +
                rate(kNow - hours(2), "NULL, 'share', 1, 10"));
  bench.run();
  EXPECT_EQ(bench.value("usage_ratings", {"share"}), 2);
  EXPECT_EQ(bench.value("usage_rating_score", {"share"}), 7);  // 8 and 6
}

TEST(Records, CountersAndArtifactsOutliveTheProcess) {
  testing::TemporaryFolder folder;
  Bench bench(kTables, kConfig, {.storage_path = folder.file("state")});
  bench.run_sql(link(7, kMade, "'ann', 'a', NULL, NULL, 0") +
                open(7, kMade + hours(1), "'g1', 'guest'"));
  bench.run();
  bench.run_sql("DELETE FROM opens");
  bench.restart();
  bench.use(kConfig);
  bench.now += minutes(1);
  bench.run();
  EXPECT_LE(bench.rows(), 30U);  // what is young, and the people
  EXPECT_EQ(bench.value("usage_artifact_accesses_total", {"share", "external"}), 1);
  EXPECT_EQ(bench.value("usage_artifact_access_ratio", kWindow), 1);  // its tier has not come yet
}

class RecordsInTheStateFile : public usage::testing::StateFileTest {};

// An artifact may have a user's number.
TEST_F(RecordsInTheStateFile, ForgettingAUserLeavesArtifactsAlone) {
  FeatureShape shape;
  shape.has_users = true;
  shape.name = "share/viewers";
  FeatureShape of_artifacts = shape;
  of_artifacts.name = "share/accesses";
  of_artifacts.of_artifacts = true;
  const auto with_both = [&](Facts& facts) {
    facts.auxiliary_tables.emplace(shape.name, FeatureFacts(shape, hours(1)));
    facts.auxiliary_tables.emplace(of_artifacts.name, FeatureFacts(of_artifacts, hours(1)));
  };
  const auto wanted = [&] {
    auto tables = usage::testing::tables();
    tables["share/viewers"] = {"viewers v1", ""};
    tables["share/accesses"] = {"accesses v1", ""};
    return tables;
  };
  const Interval hour{now_, now_ + hours(1)};
  {
    StateFile file = open();
    Facts facts = usage::testing::new_facts();
    with_both(facts);
    StateFile::Changes changes(file);
    for (const auto& [name, table] : wanted()) changes.put_table(name, table);
    for (const FeatureShape* one : {&shape, &of_artifacts}) {
      Bucket bucket(*one);
      bucket.uses.add(facts.id_map_for(*one).id_of(one == &shape ? "ann" : "link 7"));
      std::map<Instant, Bucket> fresh;
      fresh.emplace(now_, std::move(bucket));
      facts.table(one->name).replace(hour, std::move(fresh));
      changes.put_feature(one->name, facts.table(one->name), hour);
    }
    changes.put_users(facts);
    changes.commit();
  }
  {
    StateFile file = open();
    EXPECT_TRUE(file.forget("ann"));
    EXPECT_FALSE(file.forget("link 7"));
  }
  StateFile file = open();
  Facts facts = usage::testing::new_facts();
  with_both(facts);
  EXPECT_TRUE(file.load(facts, wanted()).contains("share/accesses"));
  EXPECT_EQ(facts.artifacts.text(0), "link 7");
  EXPECT_EQ(facts.table("share/accesses").sum(hour).uses.users().size(), 1U);
  EXPECT_EQ(facts.table("share/viewers").sum(hour).uses.users().size(), 0U);
  EXPECT_EQ(facts.table("share/viewers").sum(hour).uses.total(), 1U);
}

}  // namespace
}  // namespace usage
