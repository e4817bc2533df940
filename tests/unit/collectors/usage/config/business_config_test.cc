// What the config says about artifacts, value and business, and what of it decides how rows are
// read.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <string>

#include "collectors/usage/config/legacy_fingerprint.h"
#include "collectors/usage/config/usage_config.h"
#include "collectors/usage/reading/cache_key.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"
#include "tests/support/source_path.h"
#include "tests/support/usage_bench.h"

namespace usage {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::weeks;
using usage::testing::Bench;
using usage::testing::kNow;
using usage::testing::text_at;

UsageConfig usage_of(const std::string& text) {
  Problems problems;
  const Config config =
      load_config_text("<test>", "sources: {app: {dsn: 'sqlite:app.db'}}\n" + text, problems);
  UsageConfig usage = read_usage_config(config, problems);
  EXPECT_EQ(problems.render(), "");
  return usage;
}

UsageConfig demo() {
  ::setenv("USAGE_DSN", "sqlite:/nowhere.db", 1);
  ::setenv("USAGE_DEMO_LAUNCH", "2026-09-11T00:00:00Z", 1);
  Problems problems;
  UsageConfig usage =
      read_usage_config(load_config(source_path("config/demo.yml"), problems), problems);
  EXPECT_EQ(problems.render(), "");
  return usage;
}

FeatureConfig record_of(const UsageConfig& usage, const std::string& name) {
  const auto found = std::find_if(usage.auxiliary_tables.begin(), usage.auxiliary_tables.end(),
                                  [&](const auto& record) { return record.shape.name == name; });
  EXPECT_NE(found, usage.auxiliary_tables.end()) << name;
  return *found;
}

TEST(BusinessConfig, TheDemosArtifactIsThreeRecords) {
  const UsageConfig usage = demo();
  const ArtifactRules& rules = *usage.rules.features.at("share").artifact;
  EXPECT_EQ(rules.mature_after, days(7));
  EXPECT_EQ(rules.ttl_seconds, 3600);
  EXPECT_TRUE(rules.has_accesses && rules.has_viewers && !rules.has_access_count);
  EXPECT_EQ(rules.kinds.at("bot"), std::vector<std::string>{"bot"});
  EXPECT_EQ(rules.counted, (std::vector<std::string>{"member", "external"}));

  const FeatureConfig made = record_of(usage, auxiliary::artifacts("share"));
  EXPECT_EQ(made.uses.table, "shared_reports");
  EXPECT_EQ(made.uses.user, "id");
  EXPECT_EQ(made.scope, "share_token");
  EXPECT_EQ(made.creator, usage.feature("share").uses.user);
  EXPECT_TRUE(made.shape.of_artifacts);
  const FeatureConfig opened = record_of(usage, auxiliary::accesses("share"));
  EXPECT_EQ(opened.uses.user, "share_id");
  EXPECT_TRUE(opened.shape.of_artifacts);
  const FeatureConfig viewers = record_of(usage, auxiliary::viewers("share"));
  EXPECT_EQ(viewers.uses.user, "viewer_id");
  EXPECT_FALSE(viewers.shape.of_artifacts);
}

TEST(BusinessConfig, ABooleanSaysWhoAViewerIs) {
  const UsageConfig usage = usage_of(
      "features: {share: {table: s, time: t, artifact: {id: i, accesses: {table: a, time: t, "
      "artifact: i, kind: {column: outside, external: true, member: [false, staff]}}}}}\n");
  const ArtifactRules& rules = *usage.rules.features.at("share").artifact;
  EXPECT_EQ(rules.kinds.at("external"), (std::vector<std::string>{"true", "1"}));
  EXPECT_EQ(rules.kinds.at("member"), (std::vector<std::string>{"false", "staff", "0"}));
}

TEST(BusinessConfig, TheDemosMoney) {
  const UsageConfig usage = demo();
  const auto& value = usage.rules.features.at("export").value;
  ASSERT_EQ(value.size(), 2U);
  EXPECT_EQ(value[0].seconds_per_use, 15 * 60);
  EXPECT_EQ(value[1].dimension, "format");
  EXPECT_EQ(value[1].values, (std::vector<std::string>{"csv", "xlsx"}));

  const Business& business = usage.rules.business;
  EXPECT_EQ(business.currency, "USD");
  EXPECT_EQ(business.hourly_rate, 50);
  EXPECT_EQ(business.investment->amount, 35000);
  EXPECT_EQ(business.investment->per_month, 0);
  EXPECT_EQ(business.investment->booked_at, parse_rfc3339("2026-09-11T00:00:00Z"));
  EXPECT_EQ(business.tickets->watch, std::vector<std::string>{"data_access"});
  EXPECT_EQ(business.tickets->baseline, weeks(8));
  EXPECT_EQ(business.tickets->compare, weeks(4));
  EXPECT_EQ(business.tickets->cost, 12);
  EXPECT_EQ(business.ratings->min_count, 20U);
  EXPECT_EQ(business.ratings->within, days(90));
  EXPECT_EQ(business.retention->period, days(28));
  EXPECT_EQ(business.feedback_themes->size(), 5U);

  ASSERT_EQ(usage.rules.capacities.size(), 2U);
  EXPECT_EQ(usage.rules.capacities[1].measure, CapacityMeasure::stored_bytes);
  EXPECT_EQ(usage.rules.releases.at(0).name, "1.0");
}

// Each feature has its ratings; all come from one table.
TEST(BusinessConfig, RatingsAreReadByFeature) {
  const UsageConfig usage = demo();
  for (const std::string feature : {"export", "share"}) {
    const FeatureConfig ratings = record_of(usage, auxiliary::ratings(feature));
    ASSERT_EQ(ratings.uses.where.size(), 1U);
    EXPECT_EQ(ratings.uses.where[0].first, "feature");
    EXPECT_EQ(ratings.uses.where[0].second, std::vector{feature});
    EXPECT_EQ(ratings.dimensions[0].scale->min, 0);
    EXPECT_EQ(ratings.dimensions[0].scale->max_column, "scale_max");
    EXPECT_TRUE(ratings.latest);
  }
}

TEST(BusinessConfig, DefaultsOfRetentionAreCalendarMonths) {
  const UsageConfig usage = usage_of(
      "features: {export: {table: e, time: t}}\n"
      "population: {users: {table: u, id: i, account: a}}\n"
      "business: {retention: {}}\n");
  EXPECT_FALSE(usage.rules.business.retention->period);
  EXPECT_EQ(usage.rules.business.retention->baseline_periods, 3);
}

// The state of before there were records: were this text another, every feature of every user would
// be read anew, and its counters would begin at what the tables hold by then.
TEST(BusinessConfig, TheFingerprintOfAFeatureIsWhatItEverWas) {
  const UsageConfig usage = usage_of(R"(
features:
  export:
    table: export_logs
    time: created_at
    user: user_id
    where: {kind: [a, b]}
    outcome: {column: status, success: [ok], failure: [bad]}
    reason: {column: why, allow: [slow]}
    duration: {column: ms, unit: ms, buckets: [1, 2]}
    size: {column: bytes, unit: kB, buckets: [1000]}
    scope: channel
    dimensions: {format: {allow: [csv]}, pages: {column: n, buckets: [1, 10], null_as: none}}
  share: {table: shared_reports, time: created_at}
)");
  EXPECT_EQ(legacy_fingerprint(usage.features[0], hours(1)),
            "1h\napp\nexport_logs\ncreated_at\nuser_id\n-1\nwhere kind\na\tb\nstatus\nok\nbad\n"
            "why\nslow\nchannel\nms\n0.001\n1,2\nbytes\n1000\n1000\n"
            "format\nformat\n\n\npages\nn\n1,10\nnone\n");
  EXPECT_EQ(legacy_fingerprint(usage.features[1], hours(1)),
            "1h\napp\nshared_reports\ncreated_at\n\n-1\n\n\n\n\n\n");
}

std::map<std::string, CacheKey> cache_keys(const std::string& artifact,
                                           const std::string& business) {
  const UsageConfig usage = usage_of(
      fmt::format("population: {{users: {{table: u, id: i, account: a}}}}\n"
                  "features:\n  share:\n    {{table: s, time: t, user: u, artifact: {{{}}}}}\n"
                  "business: {{{}}}\n",
                  artifact, business));
  std::map<std::string, CacheKey> found;
  for (const FeatureConfig* table : usage.tables()) {
    found[table->shape.name] = cache_key(*table, usage);
  }
  return found;
}

constexpr char kArtifact[] =
    "id: i, token: k, ttl: {column: l, unit: h}, revoked_at: r, "
    "accesses: {table: a, time: t, artifact: i, viewer: v, kind: {column: w, member: [m]}}";
constexpr char kBusiness[] =
    "ratings: {table: r, time: t, user: u, feature: f, score: {column: s, max: 5}}, "
    "tickets: {table: t, time: t, category: c, watch: [a]}";

// Which tables are read anew when `was` becomes `is`.
std::vector<std::string> read_anew(const std::string& was, const std::string& is) {
  const auto changed = [&](std::string text) {
    const auto at = text.find(was);
    return at == std::string::npos ? text : text.replace(at, was.size(), is);
  };
  const auto before = cache_keys(kArtifact, kBusiness);
  std::vector<std::string> names;
  for (const auto& [name, key] : cache_keys(changed(kArtifact), changed(kBusiness))) {
    if (!before.contains(name) || before.at(name) != key) {
      names.push_back(name);
    }
  }
  return names;
}

using Names = std::vector<std::string>;

TEST(BusinessConfig, WhatChangesTheReadingOfARecordReadsItAnew) {
  EXPECT_EQ(read_anew("id: i, token", "id: j, token"), Names{"share/artifacts"});
  EXPECT_EQ(read_anew("token: k", "token: j"), Names{"share/artifacts"});
  EXPECT_EQ(read_anew("column: l", "column: j"), Names{"share/artifacts"});
  EXPECT_EQ(read_anew("revoked_at: r, ", ""), Names{"share/artifacts"});
  EXPECT_EQ(read_anew("artifact: i", "artifact: j"), Names{"share/accesses"});
  EXPECT_EQ(read_anew("viewer: v", "viewer: j"), Names{"share/viewers"});
  EXPECT_EQ(read_anew("column: w", "column: j"), (Names{"share/accesses", "share/viewers"}));
  EXPECT_EQ(read_anew("max: 5", "max: 10"), Names{"share/ratings"});
  EXPECT_EQ(read_anew("max: 5", "min: 1, max: 5"), Names{"share/ratings"});
  EXPECT_EQ(read_anew("max: 5", "max_column: m"), Names{"share/ratings"});
  EXPECT_EQ(read_anew("category: c", "category: j"), Names{"business/tickets"});
}

// Facts are kept by value: what a value means is no matter of reading.
TEST(BusinessConfig, WhatChangesAMeaningReadsNothing) {
  EXPECT_EQ(read_anew("unit: h", "unit: d"), Names{});
  EXPECT_EQ(read_anew("member: [m]", "member: [n], bot: [m]"), Names{});
  EXPECT_EQ(read_anew("watch: [a]", "watch: [b], cost: 7, compare: 2w"), Names{});
  EXPECT_EQ(read_anew("id: i, token", "mature_after: 3d, id: i, token"), Names{});
  EXPECT_EQ(read_anew("score:", "min_count: 3, within: 30d, score:"), Names{});
}

std::optional<double> score_of(const std::string& scale, const std::vector<double>& scores) {
  std::string rows =
      "CREATE TABLE uses (at TEXT);"
      "CREATE TABLE ratings (at TEXT, who INTEGER, feature TEXT, score REAL);";
  for (std::size_t who = 0; who < scores.size(); ++who) {
    rows += fmt::format("INSERT INTO ratings VALUES ('{}', {}, 'share', {});",
                        text_at(kNow - hours(2)), who, scores[who]);
  }
  Bench bench(rows,
              fmt::format("features: {{share: {{table: uses, time: at}}}}\n"
                          "business: {{ratings: {{table: ratings, time: at, user: who, "
                          "feature: feature, min_count: 1, score: {{column: score, {}}}}}}}\n",
                          scale));
  bench.run();
  return bench.value("usage_rating_score", {"share"});
}

TEST(BusinessConfig, AScoreIsAPlaceOnItsScale) {
  EXPECT_EQ(score_of("max: 10", {8}), 8);
  EXPECT_EQ(score_of("max: 5", {4}), 8);
  EXPECT_EQ(score_of("min: 1, max: 5", {4}), 7.5);
  EXPECT_EQ(score_of("min: 1, max: 5", {1}), 0);
}

TEST(BusinessConfig, WhatIsOffTheScaleIsNoScore) {
  EXPECT_EQ(score_of("max: 10", {8, -1, 11}), 8);
  EXPECT_EQ(score_of("max: 10", {-1}), std::nullopt);
}

}  // namespace
}  // namespace usage
