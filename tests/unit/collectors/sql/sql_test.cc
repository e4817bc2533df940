#include "collectors/sql/sql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

#include "collectors/collectors.h"
#include "exporter/base/error.h"
#include "exporter/base/timestamps.h"
#include "exporter/exposition/text_format.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_source.h"

namespace usage {
namespace {

using testing::HasSubstr;

constexpr Value kNull{};

// A collector made from the body of its config, on a fake database.
class Bench {
 public:
  Bench(const std::string& body, std::deque<FakeSource::Result> results)
      : source_(std::move(results)), clock_(parse_rfc3339("2026-11-25T08:00:00Z").value()) {
    Problems problems;
    const Config config =
        load_config_text("<test>",
                         "sources: {app: {dsn: 'sqlite:/x.db', labels: {db: one}}}\n"
                         "collectors:\n"
                         "  c:\n"
                         "    source: app\n" +
                             body,
                         problems);
    const auto plans = plan_collectors(config, problems);
    problems.throw_if_any();
    collector_ = plans.front().make(config.sources.front(), source_);
  }

  Collection collect() {
    Log log(stderr, LogLevel::error, LogFormat::logfmt, clock_);
    Collection collection = collector_->collect({clock_.now(), clock_.steady_now(), log, clock_});
    validate(collection.metrics);
    return collection;
  }

  std::string page() { return render(collect().metrics, Format::text); }

  // The samples alone.
  std::string samples() {
    std::string all;
    for (const MetricFamily& family : collect().metrics) {
      render_samples(family, Format::text, all);
    }
    return all;
  }

  std::string failure() {
    try {
      collect();
    } catch (const Error& error) {
      return std::string(to_string(error.reason())) + ": " + error.what();
    }
    return "none";
  }

  FakeSource& source() { return source_; }
  Collector& collector() { return *collector_; }

 private:
  FakeSource source_;
  FakeClock clock_;
  std::unique_ptr<Collector> collector_;
};

const std::string kGauge = R"(
    query: select
    metrics:
      m: {help: h, labels: [l], value: v}
)";

FakeSource::Result rows(const std::vector<std::string>& names, std::vector<FakeSource::Row> rows) {
  return {columns_named(names), std::move(rows)};
}

TEST(SqlCollector, MakesASampleARow) {
  Bench bench(kGauge, {rows({"v", "l"}, {{std::int64_t{3}, "a"}, {0.5, "b"}})});
  EXPECT_EQ(bench.page(),
            "# HELP m h\n# TYPE m gauge\nm{l=\"a\",db=\"one\"} 3\nm{l=\"b\",db=\"one\"} 0.5\n");
}

TEST(SqlCollector, ReadsEveryTypeAsNumberAndAsLabel) {
  const Instant instant = parse_rfc3339("2026-11-25T08:00:00Z").value();
  Bench bench(kGauge, {rows({"v", "l"}, {{true, true},
                                         {std::int64_t{-7}, std::int64_t{-7}},
                                         {1.5, 1.5},
                                         {"1e3", "text"},
                                         {instant, instant}})});
  EXPECT_EQ(bench.samples(),
            "m{l=\"true\",db=\"one\"} 1\nm{l=\"-7\",db=\"one\"} -7\nm{l=\"1.5\",db=\"one\"} 1.5\n"
            "m{l=\"text\",db=\"one\"} 1000\nm{l=\"2026-11-25T08:00:00Z\",db=\"one\"} 1795593600\n");
}

TEST(SqlCollector, BindsInstantsOfTheRun) {
  Bench bench(R"(
    query: select
    parameters: [today - 1d, now, 5, 0.5, {text: "5"}]
    metrics: {m: {help: h, value: v}}
)",
              {rows({"v"}, {{std::int64_t{1}}})});
  bench.collect();
  const std::vector<Parameter> expected{parse_rfc3339("2026-11-24").value(),
                                        parse_rfc3339("2026-11-25T08:00:00Z").value(),
                                        std::int64_t{5}, 0.5, std::string("5")};
  EXPECT_EQ(bench.source().queries.front().parameters, expected);
}

TEST(SqlCollector, MakesSeveralSamplesARow) {
  Bench bench(
      R"(
    query: select
    metrics:
      exports:
        help: h
        labels: {day: d}
        values: {csv: csv_exports, png: png_exports}
        value_label: format
        static_labels: {team: growth}
)",
      {rows({"d", "csv_exports", "png_exports"}, {{"mon", std::int64_t{3}, std::int64_t{4}}})});
  EXPECT_EQ(bench.samples(),
            "exports{day=\"mon\",format=\"csv\",team=\"growth\",db=\"one\"} 3\n"
            "exports{day=\"mon\",format=\"png\",team=\"growth\",db=\"one\"} 4\n");
}

TEST(SqlCollector, ScalesMapsAndDefaults) {
  Bench bench(
      R"(
    query: select
    metrics:
      m: {help: h, labels: [l], value: v, scale: 0.001, map: {ok: 1000, bad: 0}, default: -1}
)",
      {rows({"v", "l"}, {{"ok", "a"}, {"odd", "b"}, {kNull, "c"}, {std::int64_t{500}, "d"}})});
  EXPECT_EQ(bench.samples(),
            "m{l=\"a\",db=\"one\"} 1\nm{l=\"b\",db=\"one\"} -1\nm{l=\"c\",db=\"one\"} -1\n"
            "m{l=\"d\",db=\"one\"} 0.5\n");
}

TEST(SqlCollector, MapsLabels) {
  Bench bench(R"(
    query: select
    metrics:
      m:
        help: h
        value: v
        labels: {kind: {column: k, map: {1: member, 2: external}, other: other, null_as: none}}
)",
              {rows({"v", "k"}, {{std::int64_t{1}, std::int64_t{2}},
                                 {std::int64_t{2}, "9"},
                                 {std::int64_t{3}, kNull}})});
  EXPECT_EQ(bench.samples(),
            "m{kind=\"external\",db=\"one\"} 1\nm{kind=\"other\",db=\"one\"} 2\n"
            "m{kind=\"none\",db=\"one\"} 3\n");
}

TEST(SqlCollector, ANullValueFollowsThePolicy) {
  const auto with = [](const std::string& policy) {
    return Bench("    on_null: " + policy + kGauge,
                 {rows({"v", "l"}, {{kNull, "a"}, {std::int64_t{1}, "b"}})});
  };
  Bench skip = with("skip");
  EXPECT_EQ(skip.samples(), "m{l=\"b\",db=\"one\"} 1\n");
  EXPECT_EQ(skip.collect().skipped_rows, 1U);
  EXPECT_THAT(with("zero").samples(), HasSubstr("m{l=\"a\",db=\"one\"} 0\n"));
  EXPECT_THAT(with("nan").samples(), HasSubstr("m{l=\"a\",db=\"one\"} NaN\n"));
  EXPECT_EQ(with("error").failure(),
            "data: metric \"m\": column \"v\" is NULL and on_null is error");
}

TEST(SqlCollector, DuplicatesFollowThePolicy) {
  const auto with = [](const std::string& policy) {
    return Bench("    on_duplicate: " + policy + kGauge,
                 {rows({"v", "l"},
                       {{std::int64_t{2}, "a"}, {std::int64_t{5}, "a"}, {std::int64_t{3}, "a"}})});
  };
  EXPECT_THAT(with("error").failure(), HasSubstr("duplicate: metric \"m\": two samples"));
  EXPECT_THAT(with("first").samples(), HasSubstr("} 2\n"));
  EXPECT_THAT(with("last").samples(), HasSubstr("} 3\n"));
  EXPECT_THAT(with("sum").samples(), HasSubstr("} 10\n"));
  EXPECT_THAT(with("max").samples(), HasSubstr("} 5\n"));
  EXPECT_THAT(with("min").samples(), HasSubstr("} 2\n"));
  Bench sum = with("sum");
  EXPECT_EQ(sum.collect().merged_rows, 2U);
}

TEST(SqlCollector, AnEmptyResultFollowsThePolicy) {
  const std::string metrics = R"(
    query: select
    metrics: {m: {help: h, value: v}}
)";
  const auto with = [&](const std::string& policy) {
    return Bench("    on_empty: " + policy + metrics,
                 {rows({"v"}, {{std::int64_t{7}}}), rows({"v"}, {})});
  };
  Bench absent = with("absent");
  EXPECT_EQ(absent.samples(), "m{db=\"one\"} 7\n");
  EXPECT_EQ(absent.samples(), "");
  Bench zero = with("zero");
  zero.samples();
  EXPECT_EQ(zero.samples(), "m{db=\"one\"} 0\n");
  Bench keep = with("keep");
  keep.samples();
  EXPECT_EQ(keep.samples(), "m{db=\"one\"} 7\n");
}

TEST(SqlCollector, ExpectedLabelValuesAreAlwaysThere) {
  Bench bench(R"(
    query: select
    metrics:
      m: {help: h, labels: [a, b], value: v, expect: {a: [x, y], b: ["1", "2"]}}
)",
              {rows({"v", "a", "b"}, {{std::int64_t{9}, "y", "1"}, {std::int64_t{8}, "z", "1"}})});
  EXPECT_EQ(bench.samples(),
            "m{a=\"y\",b=\"1\",db=\"one\"} 9\nm{a=\"z\",b=\"1\",db=\"one\"} 8\n"
            "m{a=\"x\",b=\"1\",db=\"one\"} 0\nm{a=\"x\",b=\"2\",db=\"one\"} 0\n"
            "m{a=\"y\",b=\"2\",db=\"one\"} 0\n");
}

TEST(SqlCollector, BuildsHistogramsFromRows) {
  Bench bench(R"(
    query: select
    metrics:
      d_seconds: {type: histogram, help: h, unit: seconds, value: ms, scale: 0.001, count: n, buckets: [0.1, 1]}
)",
              {rows({"ms", "n"}, {{std::int64_t{100}, std::int64_t{2}},
                                  {std::int64_t{101}, std::int64_t{1}},
                                  {std::int64_t{5000}, std::int64_t{3}}})});
  EXPECT_EQ(bench.samples(),
            "d_seconds_bucket{db=\"one\",le=\"0.1\"} 2\nd_seconds_bucket{db=\"one\",le=\"1.0\"} 3\n"
            "d_seconds_bucket{db=\"one\",le=\"+Inf\"} 6\nd_seconds_sum{db=\"one\"} 15.301\n"
            "d_seconds_count{db=\"one\"} 6\n");
}

TEST(SqlCollector, TakesHistogramsFromBucketedColumns) {
  Bench bench(
      R"(
    query: select
    metrics:
      d_seconds:
        {type: histogram, help: h, bucket_columns: {0.1: a, 1: b}, sum: s, count: n}
)",
      {rows({"a", "b", "n", "s"}, {{std::int64_t{1}, std::int64_t{2}, std::int64_t{4}, 9.5}})});
  EXPECT_EQ(bench.samples(),
            "d_seconds_bucket{db=\"one\",le=\"0.1\"} 1\nd_seconds_bucket{db=\"one\",le=\"1.0\"} 2\n"
            "d_seconds_bucket{db=\"one\",le=\"+Inf\"} 4\nd_seconds_sum{db=\"one\"} 9.5\n"
            "d_seconds_count{db=\"one\"} 4\n");
}

TEST(SqlCollector, ScalesTheSumOfBucketedColumnsButNoCount) {
  Bench bench(R"(
    query: select
    metrics:
      d_seconds:
        {type: histogram, help: h, bucket_columns: {1: a}, sum: s, count: n, scale: 0.001}
)",
              {rows({"a", "n", "s"}, {{"3", 4.0, std::int64_t{9500}}})});
  EXPECT_EQ(
      bench.samples(),
      "d_seconds_bucket{db=\"one\",le=\"1.0\"} 3\nd_seconds_bucket{db=\"one\",le=\"+Inf\"} 4\n"
      "d_seconds_sum{db=\"one\"} 9.5\nd_seconds_count{db=\"one\"} 4\n");
}

TEST(SqlCollector, AnExpectedSampleThatWasSkippedIsNotZero) {
  Bench bench(R"(
    query: select
    metrics:
      m: {help: h, labels: [l], value: v, expect: {l: [a, b]}}
)",
              {rows({"v", "l"}, {{kNull, "a"}})});
  EXPECT_EQ(bench.samples(), "m{l=\"b\",db=\"one\"} 0\n");
}

TEST(SqlCollector, FoldingHidesNoDuplicates) {
  Bench bench("    max_series: 2\n    on_limit: top" + kGauge,
              {rows({"v", "l"}, {{1.0, "a"}, {2.0, "b"}, {3.0, "c"}, {4.0, "a"}})});
  EXPECT_THAT(bench.failure(), HasSubstr("duplicate: "));
}

TEST(SqlCollector, NothingIsLargerThanANumberThatIsNone) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Bench bench("    max_series: 2\n    on_limit: top" + kGauge,
              {rows({"v", "l"}, {{nan, "a"}, {2.0, "b"}, {3.0, "c"}})});
  EXPECT_EQ(bench.samples(), "m{l=\"c\",db=\"one\"} 3\nm{l=\"other\",db=\"one\"} 2\n");
}

TEST(SqlCollector, KeepsOnlyWhatWasFitToPublish) {
  Bench bench("    on_empty: keep" + kGauge,
              {rows({"v", "l"}, {{1.0, "a"}}), rows({"v", "l"}, {{1.0, "b"}, {2.0, "b"}}),
               rows({"v", "l"}, {})});
  EXPECT_EQ(bench.samples(), "m{l=\"a\",db=\"one\"} 1\n");
  EXPECT_THAT(bench.failure(), HasSubstr("duplicate: "));
  EXPECT_EQ(bench.samples(), "m{l=\"a\",db=\"one\"} 1\n");
}

TEST(SqlCollector, KeepsWhatIsOnThePageAfterAReload) {
  Bench bench("    on_empty: keep" + kGauge, {rows({"v", "l"}, {})});
  EXPECT_TRUE(bench.collect().keep_published);
}

TEST(SqlCollector, MakesInfoAndStateSets) {
  Bench bench(R"(
    query: select
    metrics:
      release_info: {type: info, help: h, labels: [version]}
      ticket_state: {type: stateset, help: h, states: [open, closed], state: s, labels: [version]}
)",
              {rows({"version", "s"}, {{"1.2", "closed"}})});
  EXPECT_EQ(bench.samples(),
            "release_info{version=\"1.2\",db=\"one\"} 1\n"
            "ticket_state{version=\"1.2\",db=\"one\",ticket_state=\"open\"} 0\n"
            "ticket_state{version=\"1.2\",db=\"one\",ticket_state=\"closed\"} 1\n");
  Bench unknown(R"(
    query: select
    metrics: {s: {type: stateset, help: h, states: [open], state: s}}
)",
                {rows({"s"}, {{"lost"}})});
  EXPECT_EQ(unknown.failure(),
            "data: metric \"s\": column \"s\" holds a state that is not in \"states\"; add it");
}

TEST(SqlCollector, SharesAQueryBetweenMetrics) {
  Bench bench(
      R"(
    queries: {one: select 1, two: {sql: select 2, parameters: [now]}}
    metrics:
      a: {help: h, query: one, value: x}
      b: {help: h, query: two, value: x}
      c: {help: h, query: one, value: y}
)",
      {rows({"x", "y"}, {{std::int64_t{1}, std::int64_t{2}}}), rows({"x"}, {{std::int64_t{3}}})});
  EXPECT_EQ(bench.samples(), "a{db=\"one\"} 1\nb{db=\"one\"} 3\nc{db=\"one\"} 2\n");
  ASSERT_EQ(bench.source().queries.size(), 2U);
  EXPECT_EQ(bench.source().queries[0].sql, "select 1");
}

TEST(SqlCollector, TellsTheSourceWhichQueryHoldsAValueFromTheEnvironment) {
  ::setenv("USAGE_TEST_SECRET", "hunter2", 1);
  for (const std::string queries :
       {"query: 'select ${USAGE_TEST_SECRET}'", "query: {sql: 'select ${USAGE_TEST_SECRET}'}",
        "queries: {q: 'select ${USAGE_TEST_SECRET}'}",
        "queries: {q: {sql: 'select ${USAGE_TEST_SECRET}'}}", "query: select hunter2"}) {
    Bench bench("    " + queries + "\n    metrics: {m: {help: h, value: v}}\n",
                {rows({"v"}, {{std::int64_t{1}}})});
    bench.collect();
    EXPECT_EQ(bench.source().queries.at(0).sql, "select hunter2");
    EXPECT_EQ(bench.source().queries.at(0).secret, queries != "query: select hunter2") << queries;
  }
}

TEST(SqlCollector, AMissingColumnIsNamed) {
  Bench bench(kGauge, {rows({"value", "l"}, {{std::int64_t{1}, "a"}})});
  EXPECT_EQ(bench.failure(),
            "query: metric \"m\" wants column \"v\", which query \"query\" does not return; known: "
            "value, l");
}

TEST(SqlCollector, ATextThatIsNoNumberIsNotShown) {
  Bench bench(kGauge, {rows({"v", "l"}, {{"alice@example.com", "a"}})});
  EXPECT_EQ(bench.failure(),
            "data: metric \"m\": column \"v\" holds a text that is not a number; cast it in the "
            "query, give it a \"map\", or set \"default\"");
}

TEST(SqlCollector, TooManyRowsOrSeriesFail) {
  const auto many = [] {
    std::vector<FakeSource::Row> all;
    for (std::int64_t i = 0; i < 10; ++i) {
      all.push_back({i, i});
    }
    return rows({"v", "l"}, all);
  };
  Bench row_limit("    max_rows: 9" + kGauge, {many()});
  EXPECT_THAT(row_limit.failure(),
              HasSubstr("limit: query \"query\" returned more than max_rows = 9"));
  Bench series_limit("    max_series: 9" + kGauge, {many()});
  EXPECT_THAT(series_limit.failure(),
              HasSubstr("limit: metric \"m\" has more than max_series = 9"));
  Bench exact("    max_series: 10" + kGauge, {many()});
  EXPECT_EQ(exact.collect().metrics.front().samples.size(), 10U);
}

TEST(SqlCollector, FoldsToTheLargestUnderOnLimitTop) {
  std::vector<FakeSource::Row> all;
  for (std::int64_t i = 1; i <= 10; ++i) {
    all.push_back({i, i});
  }
  Bench bench("    max_series: 3\n    on_limit: top" + kGauge, {rows({"v", "l"}, all)});
  EXPECT_EQ(bench.samples(),
            "m{l=\"10\",db=\"one\"} 10\nm{l=\"9\",db=\"one\"} 9\nm{l=\"other\",db=\"one\"} 36\n");
  EXPECT_EQ(bench.collect().dropped_series, 8U);
}

TEST(SqlCollector, ALabelThatIsTooLongFails) {
  Bench bench("    max_label_length: 3" + kGauge, {rows({"v", "l"}, {{std::int64_t{1}, "abcd"}})});
  EXPECT_THAT(bench.failure(), HasSubstr("has 4 bytes where max_label_length is 3"));
}

TEST(SqlCollector, DescribesItsFamiliesWithoutADatabase) {
  Bench bench(kGauge, {rows({}, {})});
  const Metrics families = bench.collector().describe();
  ASSERT_EQ(families.size(), 1U);
  EXPECT_EQ(families[0].name, "m");
  EXPECT_THAT(families[0].label_names, testing::ElementsAre("l", "db"));
  EXPECT_TRUE(bench.source().queries.empty());
}

}  // namespace
}  // namespace usage
