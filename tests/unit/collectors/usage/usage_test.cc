// The usage collector on real SQLite files, run by run.
#include "collectors/usage/usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "collectors/api/writer.h"
#include "collectors/sources/drivers.h"
#include "collectors/usage/config/legacy_fingerprint.h"
#include "collectors/usage/reading/cache_key.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/usage_bench.h"

namespace usage {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using usage::testing::Bench;
using usage::testing::kNow;
using usage::testing::SlowSource;
using usage::testing::text_at;

constexpr char kFeatures[] = R"(
windows: [1d, 7d]
privacy: {k_anonymity: 1}
features:
  export:
    source: app
    table: exports
    time: at
    user: who
    outcome: {column: status, success: [ok], failure: [bad]}
    reason: {column: why, allow: [timeout]}
    duration: {column: ms, unit: ms, buckets: [1, 2]}
    dimensions:
      format: {allow: [csv, png]}
      pages: {buckets: [10, 100], null_as: unknown}
)";

constexpr char kTable[] =
    "CREATE TABLE exports (at TEXT, who INTEGER, status TEXT, why TEXT, ms INTEGER, format TEXT, "
    "pages INTEGER);";

std::string export_row(Instant instant, const std::string& rest) {
  return fmt::format("INSERT INTO exports VALUES ('{}', {});", text_at(instant), rest);
}

TEST(Usage, FoldsRowsIntoSeries) {
  Bench bench(kTable, kFeatures);
  bench.run_sql(export_row(kNow - hours(1), "1, 'ok', NULL, 500, 'csv', 5") +
                export_row(kNow - hours(2), "2, 'ok', NULL, 1500, 'gif', 500") +
                export_row(kNow - hours(3), "NULL, 'ok', NULL, NULL, NULL, NULL") +
                export_row(kNow - hours(4), "1, 'bad', 'timeout', 9000, 'csv', 5") +
                export_row(kNow - hours(5), "1, 'bad', 'disk full', 9000, 'csv', 5") +
                export_row(kNow - hours(6), "1, 'begun', NULL, NULL, 'csv', 5") +
                export_row(kNow - days(3), "3, 'ok', NULL, 500, 'png', 11") +
                export_row(kNow - days(30), "4, 'ok', NULL, 500, 'png', 11"));
  bench.run();
  EXPECT_EQ(bench.value("usage_uses", {"export", "1d"}), 3);
  EXPECT_EQ(bench.value("usage_uses", {"export", "7d"}), 4);
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 5);
  EXPECT_EQ(bench.value("usage_attempts_total", {"export"}), 7);
  EXPECT_EQ(bench.value("usage_failures_total", {"export", "timeout"}), 1);
  EXPECT_EQ(bench.value("usage_failures_total", {"export", "other"}), 1);
  EXPECT_EQ(bench.value("usage_unattributed_events_total", {"export"}), 1);
  EXPECT_EQ(bench.value("usage_dimension_uses_total", {"export", "format", "csv"}), 1);
  EXPECT_EQ(bench.value("usage_dimension_uses_total", {"export", "format", "other"}), 2);
  EXPECT_EQ(bench.value("usage_dimension_uses_total", {"export", "pages", "<=10"}), 1);
  EXPECT_EQ(bench.value("usage_dimension_uses_total", {"export", "pages", "<=100"}), 2);
  EXPECT_EQ(bench.value("usage_dimension_uses_total", {"export", "pages", ">100"}), 1);
  EXPECT_EQ(bench.value("usage_dimension_uses_total", {"export", "pages", "unknown"}), 1);
  EXPECT_EQ(bench.value("usage_backfill_progress_ratio", {"app"}), 1);
  EXPECT_EQ(bench.value("usage_source_newest_row_timestamp_seconds", {"app"}),
            unix_seconds(kNow - hours(1)));
}

TEST(Usage, WithOneListOfOutcomesEveryOtherValueIsTheOtherOneButNull) {
  std::string config = kFeatures;
  config.replace(config.find(", failure: [bad]"), 16, "");
  Bench bench(kTable, config);
  bench.run_sql(export_row(kNow - hours(1), "1, 'ok', NULL, 500, 'csv', 5") +
                export_row(kNow - hours(2), "1, 'strange', NULL, 500, 'csv', 5") +
                export_row(kNow - hours(3), "1, NULL, NULL, 500, 'csv', 5"));
  bench.run();
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 1);
  EXPECT_EQ(bench.value("usage_attempts_total", {"export"}), 2);
}

TEST(Usage, ARefreshReadsOnlyWhatIsYoung) {
  Bench bench(kTable, kFeatures);
  std::string sql = "BEGIN;";
  for (int hour = 0; hour < 1000; ++hour) {
    sql += export_row(kNow - hours(hour) - minutes(5), "1, 'ok', NULL, 500, 'csv', 5");
  }
  bench.run_sql(sql + "COMMIT;");
  bench.run();
  EXPECT_EQ(bench.rows(), 1000U);
  bench.now += std::chrono::seconds(60);
  bench.run();
  EXPECT_LE(bench.rows(), 3U + 24U);  // three hours, and a day whose turn it may be
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 1000);
}

// Late, changed and deleted rows: windows follow, counters only rise.
TEST(Usage, WindowsFollowTheTableAndCountersDoNotFall) {
  Bench bench(kTable, kFeatures);
  bench.run_sql(export_row(kNow - minutes(10), "1, 'ok', NULL, 500, 'csv', 5") +
                export_row(kNow - hours(20), "2, 'ok', NULL, 500, 'csv', 5") +
                export_row(kNow - hours(21), "3, 'ok', NULL, 500, 'csv', 5"));
  bench.run();
  EXPECT_EQ(bench.value("usage_uses", {"export", "1d"}), 3);

  bench.run_sql("DELETE FROM exports WHERE who = 2;" +
                export_row(kNow - hours(22), "4, 'ok', NULL, 500, 'png', 5") +
                "UPDATE exports SET status = 'bad', why = 'timeout' WHERE who = 3;");
  bench.now += minutes(1);
  bench.run();
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 3);  // their turn has not come
  bench.now += hours(1);
  bench.run();
  EXPECT_EQ(bench.value("usage_uses", {"export", "1d"}), 2);
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 4);
  EXPECT_EQ(bench.value("usage_failures_total", {"export", "timeout"}), 1);
  EXPECT_EQ(bench.value("usage_recount_changed_rows_total", {"export"}), 4);
  EXPECT_EQ(bench.value("usage_dimension_uses", {"export", "format", "csv", "1d"}), 1);
}

// What is older than the oldest row by now is still read again, once.
TEST(Usage, APurgeOfAllOldRowsLeavesTheWindows) {
  Bench bench(kTable, std::string(kFeatures) +
                          "population: {activity: [{table: visits, time: at, user: who}]}\n");
  std::string sql = "CREATE TABLE visits (at TEXT, who INTEGER);";
  for (int day = 0; day < 7; ++day) {
    const Instant at = kNow - days(day) - minutes(5);
    sql += export_row(at, fmt::format("{}, 'ok', NULL, 500, 'csv', 5", day));
    sql += fmt::format("INSERT INTO visits VALUES ('{}', {});", text_at(at), 10 + day);
  }
  bench.run_sql(sql);
  bench.run();
  EXPECT_EQ(bench.value("usage_uses", {"export", "7d"}), 7);
  EXPECT_EQ(bench.value("usage_active_users", {"7d"}), 14);
  const std::string old = fmt::format(" WHERE at < '{}';", text_at(kNow - hours(36)));
  bench.run_sql("DELETE FROM exports" + old + "DELETE FROM visits" + old);
  bench.now += hours(25);
  bench.run();
  EXPECT_EQ(bench.value("usage_uses", {"export", "7d"}), 2);
  EXPECT_EQ(bench.value("usage_active_users", {"7d"}), 4);
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 7);
}

TEST(Usage, PublishesWindowsAsTheBackfillGoesAndCountersAtItsEnd) {
  Bench bench(kTable, kFeatures);
  for (int day = 0; day < 30; ++day) {
    bench.run_sql(export_row(kNow - days(day), "1, 'ok', NULL, 500, 'csv', 5"));
  }
  // Time for some days of the thirty only.
  bench.source().takes = seconds(150);
  bench.run(seconds(1500));
  EXPECT_LT(*bench.value("usage_backfill_progress_ratio", {"app"}), 0.5);
  EXPECT_EQ(bench.value("usage_uses", {"export", "1d"}), 1);
  EXPECT_EQ(bench.value("usage_uses", {"export", "7d"}), std::nullopt);
  EXPECT_FALSE(bench.has("usage_uses_total"));
  EXPECT_FALSE(bench.has("usage_adoption_tried_ratio"));
  bench.source().takes = {};
  bench.now += minutes(1);
  bench.run();
  EXPECT_EQ(bench.value("usage_backfill_progress_ratio", {"app"}), 1);
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 30);
  EXPECT_EQ(bench.value("usage_uses", {"export", "7d"}), 7);
}

// What was read with other settings is not said while it is read anew.
TEST(Usage, ThePageSaysThatAChangedFeatureIsReadAnew) {
  Bench bench(kTable, kFeatures);
  for (int day = 0; day < 30; ++day) {
    bench.run_sql(export_row(kNow - days(day), "1, 'ok', NULL, 500, 'csv', 5"));
  }
  bench.run();
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 30);
  std::string other = kFeatures;
  other.replace(other.find("user: who"), 9, "user: pages");
  bench.use(other);
  bench.source().takes = seconds(150);
  bench.run(seconds(1500));
  EXPECT_LT(*bench.value("usage_backfill_progress_ratio", {"app"}), 0.5);
  EXPECT_FALSE(bench.has("usage_uses_total"));
  bench.source().takes = {};
  bench.run();
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 30);
}

TEST(Usage, HistoryIsReadWhileWhatCameBeforeItIsFolded) {
  Bench bench(kTable, kFeatures);
  for (int day = 0; day < 30; ++day) {
    bench.run_sql(export_row(kNow - days(day), "1, 'ok', NULL, 500, 'csv', 5"));
  }
  const std::thread::id own = std::this_thread::get_id();
  bench.run();
  EXPECT_EQ(bench.source().threads.size() - bench.source().threads.count(own), 1U);
  bench.source().threads.clear();
  bench.now += minutes(1);
  bench.run();
  EXPECT_EQ(bench.source().threads, std::set{own}) << "a thread is not worth a few rows";
}

TEST(Usage, AReloadReadsAnewOnlyWhatIsReadOtherwise) {
  Bench bench(kTable, kFeatures);
  bench.run_sql(export_row(kNow - days(2), "1, 'ok', NULL, 500, 'csv', 5") +
                export_row(kNow - days(2), "2, 'ok', NULL, 500, 'csv', 5"));
  bench.run();
  bench.run_sql("DELETE FROM exports WHERE who = 2;");
  std::string other = kFeatures;
  other.replace(other.find("[csv, png]"), 10, "[csv]");
  bench.use(other);
  bench.now += minutes(1);
  bench.run();
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 2) << "kept";
  other.replace(other.find("success: [ok]"), 13, "success: [bad]");
  other.replace(other.find("failure: [bad]"), 14, "failure: [ok]");
  bench.use(other);
  bench.now += minutes(1);
  bench.run();
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 0);
  EXPECT_EQ(bench.value("usage_attempts_total", {"export"}), 1);
}

constexpr char kPopulation[] = R"(
windows: [7d]
privacy: {k_anonymity: 1}
features:
  export: {source: app, table: exports, time: at, user: who}
population:
  users:
    source: app
    table: people
    id: id
    deleted_at: gone_at
    exclude: {column: internal, equals: true}
  activity:
    - {source: app, table: visits, user: who, time: at}
)";

TEST(Usage, KnowsThePopulation) {
  Bench bench(kTable, kPopulation);
  bench.run_sql(
      "CREATE TABLE people (id INTEGER, internal BOOLEAN, gone_at TEXT);"
      "INSERT INTO people VALUES (1, 0, NULL), (2, 1, NULL), (3, 0, '2026-11-24 00:00:00'),"
      " (4, 0, NULL), (5, 0, NULL);"
      "CREATE TABLE visits (at TEXT, who INTEGER);" +
      fmt::format("INSERT INTO visits SELECT '{}', id FROM people WHERE id < 5;",
                  text_at(kNow - days(1))) +
      export_row(kNow - hours(30), "1, 'ok', NULL, 1, 'csv', 1") +
      export_row(kNow - hours(30), "2, 'ok', NULL, 1, 'csv', 1") +
      export_row(kNow - hours(30), "3, 'ok', NULL, 1, 'csv', 1") +
      export_row(kNow - hours(30), "5, 'ok', NULL, 1, 'csv', 1"));
  bench.run();
  EXPECT_EQ(bench.value("usage_active_users", {"7d"}), 3);             // 1, 4 and 5
  EXPECT_EQ(bench.value("usage_feature_users", {"export", "7d"}), 2);  // 1 and 5
  EXPECT_EQ(bench.value("usage_excluded_users", {}), 1);
  EXPECT_DOUBLE_EQ(bench.value("usage_adoption_ratio", {"export", "7d"}).value(), 2.0 / 3);
  bench.run_sql("UPDATE people SET internal = 0;");
  bench.now += minutes(1);
  bench.run();
  EXPECT_EQ(bench.value("usage_feature_users", {"export", "7d"}), 3);
}

TEST(Usage, OnceReadsEverythingAsOfAnInstant) {
  Bench bench(kTable, kFeatures, {.storage_path = "", .complete = true, .live = false});
  bench.run_sql(export_row(kNow - days(2) - hours(1), "1, 'ok', NULL, 500, 'csv', 5") +
                export_row(kNow - days(1), "2, 'ok', NULL, 500, 'csv', 5"));
  bench.now = kNow - days(2);
  bench.run();
  EXPECT_EQ(bench.value("usage_uses", {"export", "7d"}), 1);
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 1);
}

TEST(Usage, ASourceThatFailsIsDownAndPublishesNothing) {
  Bench bench(kTable, kFeatures);
  bench.run_sql(export_row(kNow - minutes(10), "1, 'ok', NULL, 500, 'csv', 5"));
  bench.run();
  EXPECT_EQ(bench.value("usage_source_up", {"app"}), 1);
  bench.run_sql("ALTER TABLE exports RENAME TO gone;");
  EXPECT_THROW(bench.run(), Error);
  EXPECT_EQ(bench.value("usage_source_up", {"app"}), 0);
  EXPECT_EQ(bench.value("usage_source_last_success_timestamp_seconds", {"app"}),
            unix_seconds(kNow));
}

TEST(Usage, CheckNamesAMissingColumn) {
  std::string config = kFeatures;
  config.replace(config.find("column: status"), 14, "column: statsu");
  Bench bench(kTable, config);
  const Clock& clock = bench.clock();
  Log log(stderr, LogLevel::error, LogFormat::logfmt, clock);
  const usage::RunContext run{kNow, clock.steady_now() + std::chrono::seconds(60), log, clock};
  try {
    bench.collector().check(run);
    FAIL() << "nothing was found";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("feature \"export\": the table \"exports\" has no column "
                                        "\"statsu\"; did you mean \"status\"?"));
  }
  bench.use(kFeatures);
  EXPECT_EQ(bench.collector().check(run).size(), 1U);
}

TEST(Usage, ARestartGoesOnWhereItStopped) {
  const testing::TemporaryFolder storage;
  Bench bench(kTable, kFeatures, {.storage_path = storage.file("data")});
  std::string sql = "BEGIN;";
  for (int hour = 1; hour <= 500; ++hour) {
    sql += export_row(kNow - hours(hour), "1, 'ok', NULL, 500, 'csv', 5");
  }
  bench.run_sql(sql + "COMMIT;");
  bench.run();
  bench.run_sql("DELETE FROM exports WHERE rowid % 2 = 0;");
  bench.restart();
  bench.use(kFeatures);
  bench.now += minutes(1);
  bench.run();
  EXPECT_LE(bench.rows(), 3U + 24U);
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 500);
  EXPECT_EQ(bench.value("usage_backfill_progress_ratio", {"app"}), 1);
  EXPECT_EQ(bench.value("usage_source_newest_row_timestamp_seconds", {"app"}),
            unix_seconds(kNow - hours(1)));

  // Five days later: what came meanwhile is read, and the counter goes on.
  bench.run_sql(export_row(kNow + days(4), "2, 'ok', NULL, 500, 'csv', 5"));
  bench.restart();
  bench.use(kFeatures);
  bench.now += days(5);
  bench.run();
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 501);
  EXPECT_EQ(bench.value("usage_uses", {"export", "7d"}), 24 + 1);

  // Another config of the columns: that feature is read anew.
  std::string other = kFeatures;
  other.replace(other.find("success: [ok]"), 13, "success: [no]");
  bench.restart();
  bench.use(other);
  bench.run();
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 0);
}

// Leaves the state file as programs before `since` and CacheKey wrote it.
void forget_since(const std::string& folder, const Config& config) {
  const SystemClock clock;
  Log log(stderr, LogLevel::error, LogFormat::logfmt, clock);
  Problems problems;
  const UsageConfig usage = read_usage_config(config, problems);
  const FeatureConfig& feature = usage.features.front();
  Facts facts;
  facts.features.emplace("export", FeatureFacts(feature.shape, hours(1)));
  StateFile file(folder, kNow + days(9), log);
  const auto tables = file.load(facts, {{"export", {cache_key(feature, usage).serialize(), ""}}});
  StateFile::Table table = tables.at("export");
  const auto end = table.progress.find('\n');
  const auto word = table.progress.rfind(' ', end);
  table.progress.erase(word, end - word);
  table.fingerprint = legacy_fingerprint(feature, hours(1));
  StateFile::Changes changes(file);
  changes.put_table("export", table);
  changes.commit();
}

// A counter's _created moves only when it begins anew.
TEST(Usage, CountersAreCreatedOnce) {
  const testing::TemporaryFolder storage;
  Bench bench(kTable, kFeatures, {.storage_path = storage.file("data")});
  const auto created = [&] {
    const Metrics metrics = bench.run();
    const auto family = std::find_if(metrics.begin(), metrics.end(), [](const auto& one) {
      return one.name == "usage_operation_duration_seconds";
    });
    return family->created;
  };
  bench.run_sql(export_row(kNow - days(3), "1, 'ok', NULL, 500, 'csv', 5") +
                export_row(kNow - days(2), "1, 'ok', NULL, 500, 'csv', 5"));
  EXPECT_EQ(created(), kNow);
  bench.run_sql(fmt::format("DELETE FROM exports WHERE at < '{}';", text_at(kNow - hours(60))));
  bench.now += hours(25);
  EXPECT_EQ(created(), kNow);
  bench.run_sql(export_row(kNow - days(9), "1, 'ok', NULL, 500, 'csv', 5"));
  bench.now += hours(25);
  EXPECT_EQ(created(), kNow);
  bench.restart();
  bench.use(kFeatures);
  bench.now += hours(1);
  EXPECT_EQ(created(), kNow);
  bench.restart();
  forget_since(storage.file("data"), bench.config());
  bench.use(kFeatures);
  EXPECT_EQ(created(), kNow);
  std::string other = kFeatures;
  other.replace(other.find("success: [ok]"), 13, "success: [no]");
  bench.use(other);
  EXPECT_EQ(created(), bench.now);
}

TEST(Usage, ProgressIsWrittenAndReadBack) {
  TableProgress progress;
  progress.finished = true;
  progress.oldest = kNow - days(3);
  progress.changed_rows = 7;
  progress.since = kNow - days(4);
  progress.log.read({floor_to(kNow, hours(1)) - days(3), floor_to(kNow, hours(1))}, hours(1), kNow);
  TableProgress again;
  again.parse(progress.serialize(hours(1)), hours(1));
  EXPECT_TRUE(again.finished);
  EXPECT_EQ(again.oldest, progress.oldest);
  EXPECT_EQ(again.asked_oldest, std::nullopt);
  EXPECT_EQ(again.changed_rows, 7U);
  EXPECT_EQ(again.since, progress.since);
  EXPECT_EQ(again.log, progress.log);
  again.parse("1 - - - 8\n0 2 5\n", hours(1));  // as programs without `since` wrote it
  EXPECT_EQ(again.changed_rows, 8U);
  EXPECT_EQ(again.since, std::nullopt);
  EXPECT_THROW(again.parse("yes", hours(1)), Error);
}

TEST(Usage, SourcesShareUsersAndPublishTheirOwnFeatures) {
  const testing::TemporaryFolder folder;
  const auto dsn = [&](const char* name) { return "sqlite:" + folder.file(name); };
  open_writer(Secret(dsn("a.db")))
      ->execute(
          "CREATE TABLE e (at TEXT, who INTEGER);" +
          fmt::format("INSERT INTO e VALUES ('{0}', 1), ('{0}', 2);", text_at(kNow - hours(5))));
  open_writer(Secret(dsn("b.db")))
      ->execute("CREATE TABLE s (at TEXT, who TEXT);" +
                fmt::format("INSERT INTO s VALUES ('{0}', '2'), ('{0}', '3');",
                            text_at(kNow - hours(6))));
  Problems problems;
  const Config config =
      load_config_text("<test>",
                       fmt::format("sources: {{a: {{dsn: '{}'}}, b: {{dsn: '{}'}}}}\n"
                                   "windows: [1d]\n"
                                   "features:\n"
                                   "  export: {{source: a, table: e, time: at, user: who}}\n"
                                   "  share: {{source: b, table: s, time: at, user: who}}\n"
                                   "combinations: {{both: {{all_of: [export, share]}}}}\n",
                                   dsn("a.db"), dsn("b.db")),
                       problems);
  const auto state = std::make_shared<UsageState>(UsageOptions{});
  const auto plans = plan_collectors(config, problems, state);
  problems.throw_if_any();
  ASSERT_EQ(plans.front().config.sources, (std::vector<std::string>{"a", "b"}));
  const SystemClock clock;
  Log log(stderr, LogLevel::error, LogFormat::logfmt, clock);
  std::map<std::string, std::map<std::string, double>> found;  // source → family → last sample
  std::vector<std::unique_ptr<Source>> databases;
  std::vector<std::unique_ptr<Collector>> collectors;
  for (const SourceConfig& source : config.sources) {
    databases.push_back(open_source(source, clock));
    collectors.push_back(plans.front().make(source, *databases.back()));
  }
  for (int run = 0; run < 2; ++run) {
    for (std::size_t i = 0; i < collectors.size(); ++i) {
      const Collection collection =
          collectors[i]->collect({kNow, clock.steady_now() + std::chrono::seconds(60), log, clock});
      auto& families = found[config.sources[i].name];
      families.clear();
      for (const MetricFamily& family : collection.metrics) {
        for (const Sample& sample : family.samples) {
          families[family.name + (sample.labels.empty() ? "" : " " + sample.labels[0])] =
              sample.value;
        }
      }
    }
  }
  EXPECT_EQ(found["a"]["usage_uses_total export"], 2);
  EXPECT_FALSE(found["a"].contains("usage_uses_total share"));
  EXPECT_EQ(found["b"]["usage_uses_total share"], 2);
  EXPECT_EQ(found["a"]["usage_active_users 1d"], 3);
  EXPECT_EQ(found["a"]["usage_combination_users both"], 1);
  EXPECT_FALSE(found["b"].contains("usage_active_users 1d"));
}

// Young buckets are sums of slices of five minutes, of which a refresh reads the last few.
TEST(Usage, ARefreshReadsOnlyTheYoungestSlices) {
  Bench bench(kTable, kFeatures);
  std::string sql = "BEGIN;";
  for (int age = 0; age < 180; ++age) {  // minutes: 55 of them in the open bucket's last slices
    sql += export_row(kNow - minutes(age), fmt::format("{}, 'ok', NULL, 500, 'csv', 5", age));
  }
  bench.run_sql(sql + "COMMIT;");
  bench.run();
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 180);
  bench.now += std::chrono::seconds(10);
  bench.run_sql(export_row(bench.now, "999, 'ok', NULL, 500, 'csv', 5"));
  bench.run();
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 181);
  // The youngest, and an older slice or two and the hours of a day whose turn it may be.
  EXPECT_LE(bench.rows(), 17U + 10U + 24U);
  EXPECT_EQ(bench.value("usage_feature_users", {"export", "1d"}), 181);
}

// A late commit, an update and deletions in slices that are no longer read at every refresh.
TEST(Usage, OldSlicesFollowTheTableAtTheirTurnAndCountersDoNotFall) {
  Bench bench(kTable, kFeatures);
  const Instant edge = kNow - minutes(40);  // 07:40, where a slice begins
  for (const auto& [who, at] : std::map<int, Instant>{{1, edge - std::chrono::microseconds(1)},
                                                      {2, edge},
                                                      {3, edge + minutes(2)},
                                                      {4, edge + minutes(5)}}) {
    bench.run_sql(export_row(at, fmt::format("{}, 'ok', NULL, 500, 'csv', 5", who)));
  }
  bench.run();
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 4) << "edges count once";

  bench.run_sql("DELETE FROM exports WHERE who IN (2, 4);" +
                export_row(edge + minutes(1), "5, 'ok', NULL, 500, 'png', 5") +
                "UPDATE exports SET status = 'bad', why = 'timeout' WHERE who = 3;");
  std::optional<double> attempts = 4;
  for (int minute = 0; minute < 10; ++minute) {
    bench.now += minutes(1);
    bench.run();
    EXPECT_GE(bench.value("usage_attempts_total", {"export"}), attempts);
    attempts = bench.value("usage_attempts_total", {"export"});
  }
  EXPECT_EQ(bench.value("usage_uses", {"export", "1d"}), 2);  // of users 1 and 5
  EXPECT_EQ(bench.value("usage_feature_users", {"export", "1d"}), 2);
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 4);
  EXPECT_EQ(bench.value("usage_failures_total", {"export", "timeout"}), 1);
  EXPECT_EQ(bench.value("usage_dimension_uses_total", {"export", "format", "png"}), 1);

  // The same rows once more, when their bucket is read whole.
  bench.now += hours(3);
  bench.run();
  EXPECT_EQ(bench.value("usage_uses", {"export", "1d"}), 2);
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 4);
  EXPECT_EQ(bench.value("usage_attempts_total", {"export"}), attempts);
}

TEST(Usage, SlicesAreReadOnceMoreAfterAStartAndAClockThatWasSetBack) {
  const testing::TemporaryFolder folder;
  Bench bench(kTable, kFeatures, {.storage_path = folder.file("state")});
  bench.run_sql(export_row(kNow - minutes(3), "1, 'ok', NULL, 500, 'csv', 5") +
                export_row(kNow - minutes(50), "2, 'ok', NULL, 500, 'csv', 5"));
  bench.run();
  bench.run_sql(export_row(kNow - minutes(90), "3, 'ok', NULL, 500, 'csv', 5"));
  bench.restart();
  bench.use(kFeatures);
  bench.now += std::chrono::seconds(1);
  bench.run();
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 3) << "all of them, at once";

  bench.now -= hours(1);
  bench.run_sql(export_row(bench.now, "4, 'ok', NULL, 500, 'csv', 5"));
  bench.run();
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 4);
  bench.now += hours(1) + minutes(11);
  bench.run_sql(export_row(bench.now, "5, 'ok', NULL, 500, 'csv', 5"));
  bench.run();
  EXPECT_EQ(bench.value("usage_uses_total", {"export"}), 5);
  EXPECT_EQ(bench.value("usage_uses", {"export", "1d"}), 5);
}

TEST(Usage, EveryFamilyOfARunIsDescribed) {
  Bench bench(kTable, kFeatures);
  bench.run_sql(export_row(kNow - minutes(10), "1, 'ok', NULL, 500, 'csv', 5"));
  std::map<std::string, MetricFamily> described;
  for (const MetricFamily& family : bench.collector().describe()) {
    described.emplace(family.name, family);
  }
  Metrics all = bench.run();
  const Metrics health = bench.collector().health();
  all.insert(all.end(), health.begin(), health.end());
  for (const MetricFamily& family : all) {
    const auto found = described.find(family.name);
    ASSERT_NE(found, described.end()) << family.name;
    EXPECT_EQ(found->second.label_names, family.label_names) << family.name;
    EXPECT_EQ(found->second.help, family.help) << family.name;
  }
}

}  // namespace
}  // namespace usage
