// Features whose rows are events, or parts of attempts: from config to numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/events/journal.h"
#include "collectors/sources/drivers.h"
#include "collectors/usage/reading/activity_reader.h"
#include "collectors/usage/reading/cache_key.h"
#include "collectors/usage/reading/feature_reader.h"
#include "exporter/base/error.h"
#include "exporter/base/timestamps.h"
#include "tests/support/usage_bench.h"

namespace usage {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using usage::testing::Bench;
using usage::testing::kNow;
using usage::testing::text_at;

constexpr char kRequests[] =
    "CREATE TABLE requests (at TEXT, request TEXT, who TEXT, format TEXT, stage TEXT, why TEXT);"
    "CREATE TABLE clicks (at INTEGER, who TEXT, format TEXT, success BOOLEAN);";

constexpr char kExport[] = R"(
windows: [1d, 7d]
privacy: {k_anonymity: 1}
features:
  export:
    table: requests
    time: at
    user: who
    outcome: {column: stage, start: [requested], success: [completed], failure: [failed]}
    reason: {column: why, allow: [timeout]}
    dimensions: {format: {column: format, allow: [csv, png]}}
    attempts: {id: request, key: [format], timeout: 5m}
)";

constexpr char kDouble[] = R"(
windows: [1d, 7d]
privacy: {k_anonymity: 1}
features:
  export:
    table: clicks
    time: at
    user: who
    time_format: unix_ms
    outcome: {column: success, start: [false], success: [true], failure: [false]}
    attempts: {key: [who, format]}
)";

std::string request(Instant at, const std::string& rest) {
  return fmt::format("INSERT INTO requests VALUES ('{}', {});", text_at(at), rest);
}
std::string click(Instant at, const std::string& rest) {
  const auto ms = std::chrono::floor<milliseconds>(at).time_since_epoch().count();
  return fmt::format("INSERT INTO clicks VALUES ({}, {});", ms, rest);
}

TEST(Events, AnEndTakesFromItsStartWhatItLacks) {
  Bench bench(kRequests, kExport);
  const Instant at = kNow - hours(3);
  bench.run_sql(request(at, "'1', 'ann', 'csv', 'requested', NULL") +
                request(at + seconds(2), "'2', 'bob', 'png', 'requested', NULL") +
                request(at + seconds(4), "'1', NULL, NULL, 'completed', NULL") +
                request(at + seconds(5), "'2', NULL, NULL, 'failed', 'timeout'") +
                request(at + seconds(6), "'3', 'cleo', 'csv', 'requested', NULL"));
  bench.run();
  EXPECT_EQ(bench.value("usage_uses", {"export", "1d"}), 1);
  EXPECT_EQ(bench.value("usage_failures", {"export", "1d"}), 1);
  EXPECT_EQ(bench.value("usage_failures_total", {"export", "timeout"}), 1);
  EXPECT_EQ(bench.value("usage_abandoned_attempts", {"export", "1d"}), 1);
  EXPECT_EQ(bench.value("usage_feature_users", {"export", "1d"}), 1);
  EXPECT_EQ(bench.value("usage_dimension_uses", {"export", "format", "csv", "1d"}), 1);
  EXPECT_EQ(bench.value("usage_unattributed_events_total", {"export"}), 0);
}

// Rows come one after the other, an attempt's over the edges of slices and hours, while the
// exporter reads on and is started anew: at every instant it knows what it would if it read
// everything again.
TEST(Events, AttemptsAcrossReadingsAreThoseOfReadingEverything) {
  const testing::TemporaryFolder folder;
  UsageOptions kept;
  kept.storage_path = folder.file("state");
  Bench bench(kRequests, kDouble, kept);
  bench.now = kNow - hours(4);
  const auto numbers = [](Bench& read) {
    std::vector<std::optional<double>> all;
    for (const char* name : {"usage_uses", "usage_failures", "usage_abandoned_attempts"}) {
      all.push_back(read.value(name, {"export", "7d"}));
    }
    return all;
  };
  std::string sql;
  std::vector<std::optional<double>> last;
  for (int i = 0; bench.now < kNow; ++i) {
    const std::string who = fmt::format("'{}', 'csv'", i % 3);
    const std::string row = click(bench.now - seconds(i % 50), who + (i % 4 == 3 ? ", 1" : ", 0"));
    bench.run_sql(row);
    sql += row;
    if (i == 60) {
      bench.restart();
      bench.use(kDouble);
    }
    bench.run();
    if (i % 20 == 19) {
      UsageOptions complete;
      complete.complete = true;
      Bench anew(std::string(kRequests) + sql, kDouble, complete);
      anew.now = bench.now;
      anew.run();
      last = numbers(anew);
      ASSERT_EQ(numbers(bench), last) << "at " << format_rfc3339(bench.now);
    }
    bench.now += seconds(100);
  }
  EXPECT_GT(last[0].value_or(0), 20);
  EXPECT_GT(last[1].value_or(0), 10);
  EXPECT_GT(last[2].value_or(0), 0);
}

TEST(Events, AnOpenAttemptIsAbandonedWhenItsTimeIsOver) {
  Bench bench(kRequests, kExport);
  bench.run_sql(request(kNow - minutes(1), "'1', 'ann', 'csv', 'requested', NULL"));
  bench.run();
  EXPECT_EQ(bench.value("usage_abandoned_attempts", {"export", "1d"}), 0);
  bench.now += minutes(3);
  bench.run();
  EXPECT_EQ(bench.value("usage_abandoned_attempts", {"export", "1d"}), 0);
  bench.now += minutes(2);
  bench.run();
  EXPECT_EQ(bench.value("usage_abandoned_attempts", {"export", "1d"}), 1);
  EXPECT_EQ(bench.value("usage_attempts", {"export", "1d"}), 0);
}

TEST(Events, WhereNothingPairsTheFormulaEstimates) {
  std::string config = kDouble;
  config.replace(config.find("attempts: {key: [who, format]}"), 30,
                 "attempts: {approximate: true}");
  Bench bench(kRequests, config);
  const Instant at = kNow - hours(3);
  for (int i = 0; i < 10; ++i) {  // of which 3 fail
    bench.run_sql(
        click(at + seconds(i), "NULL, 'csv', 0") +
        click(at + seconds(i) + milliseconds(500), i < 3 ? "NULL, 'csv', 0" : "NULL, 'csv', 1"));
  }
  bench.run();
  EXPECT_EQ(bench.value("usage_uses", {"export", "1d"}), 7);
  EXPECT_EQ(bench.value("usage_approximate_failures", {"export", "1d"}), 3);
  EXPECT_EQ(bench.value("usage_approximate_failure_ratio", {"export", "1d"}), 0.3);
  EXPECT_FALSE(bench.has("usage_failures"));
}

// The coverage as plain SQL: client successes / server successes, in the complete hours of seven
// days since both began.
constexpr char kCoverage[] =
    "WITH span AS (SELECT MAX({0} - 604800000, (SELECT MIN(at) / 3600000 * 3600000 FROM clicks),"
    " (SELECT MIN(strftime('%s', at)) / 3600 * 3600000 FROM requests)) AS first) "
    "SELECT (SELECT COUNT(*) FROM clicks, span WHERE success AND at >= first AND at < {0}), "
    "(SELECT COUNT(*) FROM requests, span WHERE stage = 'completed' AND"
    " strftime('%s', at) * 1000 >= first AND strftime('%s', at) * 1000 < {0})";

TEST(Events, CoverageIsTheShareThatTheOtherSourceSawAsSqlSays) {
  const std::string config = std::string(kExport) +
                             "    cross_check:\n"
                             "      - {source: app, table: clicks, time: at, time_format: unix_ms, "
                             "outcome: {column: success, success: [true], failure: [false]}}\n";
  Bench bench(kRequests, config);
  for (const Duration begin : {Duration(days(9)), Duration(days(3))}) {
    bench.run_sql("DELETE FROM clicks; DELETE FROM requests");
    std::string rows;
    int click_of = 0;
    for (Duration ago = days(9); ago > Duration(0); ago -= minutes(47)) {
      const std::string id = fmt::format("'{}'", ago.count());
      rows += request(kNow - ago, id + ", 'ann', 'csv', 'requested', NULL") +
              request(kNow - ago + seconds(3), id + ", NULL, NULL, 'completed', NULL");
      if (ago <= begin && ++click_of % 5 != 0) {
        rows += click(kNow - ago, "'ann', 'csv', 0") +
                click(kNow - ago + seconds(3), "'ann', 'csv', 1");
      }
    }
    bench.run_sql(rows);
    bench.now = kNow + (begin < days(9) ? days(1) : days(0));
    bench.run();
    const SystemClock clock;
    const auto source = open_source(bench.config().sources.front(), clock);
    const Instant open = std::chrono::floor<hours>(bench.now);
    std::vector<double> sql;
    source->scan(
        {fmt::format(kCoverage, std::chrono::floor<milliseconds>(open).time_since_epoch().count()),
         {}},
        clock.steady_now() + seconds(60),
        {.columns = [](auto) {}, .rows = row_by_row([&](auto row) {
                                   for (const Value& cell : row) {
                                     sql.push_back(
                                         static_cast<double>(std::get<std::int64_t>(cell)));
                                   }
                                 })});
    ASSERT_GT(sql.at(0), 20);
    ASSERT_LT(sql.at(0), sql.at(1));
    EXPECT_EQ(bench.value("usage_tracked_uses", {"export", "app"}), sql.at(0));
    EXPECT_EQ(bench.value("usage_tracked_uses_expected", {"export", "app"}), sql.at(1));
    EXPECT_EQ(bench.value("usage_tracking_coverage_ratio", {"export", "app"}),
              sql.at(0) / sql.at(1));
  }
}

TEST(Events, WithoutAnyEventThereIsNoCoverage) {
  const std::string config =
      std::string(kExport) +
      "    cross_check: [{source: app, table: clicks, time: at, time_format: unix_ms}]\n";
  Bench bench(kRequests, config);
  bench.run_sql(request(kNow - hours(5), "'1', 'ann', 'csv', 'completed', NULL"));
  bench.run();
  EXPECT_EQ(bench.value("usage_uses", {"export", "1d"}), 1);
  EXPECT_FALSE(bench.has("usage_tracking_coverage_ratio"));
}

constexpr char kOfLog[] = R"(
sources:
  backend_log: {log: {paths: [/nowhere/exports.json]}}
features:
  export:
    event: {start: export_requested, success: export_completed, failure: export_failed}
    reason: {column: error_code, allow: [timeout]}
    dimensions: {format: {column: context.format, allow: [csv, png]}}
    where: {test: [false]}
    attempts: {id: request_id, key: [user, context.format]}
population:
  activity: [{event: page_viewed}]
)";

struct Read {
  Config config;
  UsageConfig usage;
  std::string problems;
};

Read read_config(const std::string& text) {
  Problems problems;
  Read read;
  read.config = load_config_text("<test>", text, problems);
  if (problems.size() == 0) {
    read.usage = read_usage_config(read.config, problems);
  }
  try {
    problems.throw_if_any();
  } catch (const Error& error) {
    read.problems = error.what();
  }
  return read;
}

TEST(Events, OnlyWhatTheConfigNamesIsWanted) {
  const Read read = read_config(kOfLog);
  ASSERT_EQ(read.problems, "");
  const auto paths = UnorderedElementsAre("context.format", "error_code", "request_id", "test");
  EXPECT_THAT(
      event_filter(read.usage, "backend_log"),
      UnorderedElementsAre(Pair("export_requested", paths), Pair("export_completed", paths),
                           Pair("export_failed", paths), Pair("page_viewed", ElementsAre())));
  EXPECT_THAT(event_filter(read.usage, "another"), ElementsAre());
}

TEST(Events, TheJournalIsReadAsATableIs) {
  const testing::TemporaryFolder folder;
  Read read = read_config(kOfLog);
  ASSERT_EQ(read.problems, "");
  Journal journal(folder.file("events.db"), false);
  const auto event = [](Instant at, const char* name, std::optional<std::string> user,
                        const std::string& fields) {
    return JournalEvent{name, at, std::move(user), std::nullopt, fields};
  };
  const Instant at = kNow - hours(1);
  JournalBatch batch;
  batch.source = "backend_log";
  batch.events = {event(at, "export_requested", "ann",
                        R"({"request_id":"r1","context.format":"csv","test":false})"),
                  event(at + seconds(1), "export_completed", std::nullopt,
                        R"({"request_id":"r1","test":false})"),
                  event(at, "export_requested", "bob", R"({"request_id":"r2","test":true})"),
                  event(at, "page_viewed", "cleo", "{}")};
  JournalBatch other = batch;
  other.source = "other_log";
  std::vector<JournalBatch> batches{batch, other};
  journal.append(batches, Journal::Durability::commit);

  SourceConfig config = read.config.sources.front();
  config.journal = folder.file("events.db");
  const SystemClock clock;
  const auto source = open_source(config, clock);
  SharedFacts shared;
  const FeatureConfig& feature = read.usage.features.front();
  LockedFacts(shared)->features.emplace("export", FeatureFacts(feature.shape, hours(1)));
  const Interval day{std::chrono::floor<days>(kNow), std::chrono::floor<days>(kNow) + days(1)};
  const auto deadline = clock.steady_now() + seconds(60);
  const auto found =
      FeatureReader(feature, config).read(*source, day, kNow, hours(1), false, deadline, shared);
  ASSERT_EQ(found.buckets.size(), 1U);
  EXPECT_EQ(found.buckets.begin()->second.counted.uses, 1U);
  EXPECT_EQ(found.buckets.begin()->second.counted.failures, 0U);
  EXPECT_TRUE(LockedFacts(shared)->users.find("ann"));
  EXPECT_FALSE(LockedFacts(shared)->users.find("bob"));
  EXPECT_TRUE(LockedFacts(shared)->table("export").names().dimensions[0].find("csv"));
  ActivityReader(read.usage.activity, config).read(*source, day, hours(1), false, deadline, shared);
  EXPECT_TRUE(LockedFacts(shared)->users.find("cleo"));
  EXPECT_EQ(FeatureReader(feature, config).oldest(*source, day.from, deadline), at);
  EXPECT_NO_THROW(FeatureReader(feature, config).check(*source, kNow, deadline));
}

TEST(Events, FactsAreReadAnewWhenPairingChanges) {
  const auto print = [](const std::string& from, const std::string& to) {
    std::string config = kOfLog;
    if (!from.empty()) config.replace(config.find(from), from.size(), to);
    const Read read = read_config(config);
    EXPECT_EQ(read.problems, "");
    return cache_key(read.usage.features.front(), read.usage);
  };
  const CacheKey before = print("", "");
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"key: [user, context.format]", "key: [user]"},
           {"id: request_id", "id: trace_id"},
           {"start: export_requested", "start: export_begun"},
           {"key: [user, context.format]", "key: [user, context.format], timeout: 6m"},
           {"key: [user, context.format]", "key: [user, context.format], echo: 1s"}}) {
    EXPECT_FALSE(print(from, to) == before) << to;
  }
}

TEST(Events, WhatCannotBeReadIsSaid) {
  const auto problems = [](const std::string& from, const std::string& to) {
    std::string config = kOfLog;
    config.replace(config.find(from), from.size(), to);
    return read_config(config).problems;
  };
  const std::string event =
      "event: {start: export_requested, success: export_completed, failure: export_failed}";
  const std::string attempts = "attempts: {id: request_id, key: [user, context.format]}";
  EXPECT_THAT(problems(event, "table: exports"),
              HasSubstr("\"table\" in feature \"export\" is for tables"));
  EXPECT_THAT(problems(event, event + "\n    time: at"),
              HasSubstr("\"time\" in feature \"export\" is for tables"));
  EXPECT_THAT(problems(event, "event: {start: a, success: b, failure: b}"),
              HasSubstr("\"b\" is both a success and a failure"));
  EXPECT_THAT(problems(event, "event: {success: b, failure: c}"), HasSubstr("add \"start\""));
  EXPECT_THAT(problems(attempts, "attempts: {}"), HasSubstr("needs an \"id\""));
  EXPECT_THAT(problems(attempts, "attempts: {approximate: true}"),
              HasSubstr("these can; remove it"));
  EXPECT_THAT(problems("context.format, allow", "'a\"b', allow"), HasSubstr("quotation mark"));
  EXPECT_THAT(problems(event, event + "\n    outcome: {column: ok, success: [yes]}"),
              HasSubstr("tells the outcome by the names of events already"));
  EXPECT_THAT(problems(attempts, "cross_check: [{event: seen}, {event: looked}]"),
              HasSubstr("names the source \"backend_log\" twice"));
}

}  // namespace
}  // namespace usage
