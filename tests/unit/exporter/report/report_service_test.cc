// Weekly reports of a running process: made when a week ends, kept, and written once. The clock is
// the test's.
#include "exporter/report/report_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <map>

#include "exporter/base/error.h"
#include "exporter/base/timestamps.h"
#include "tests/support/usage_bench.h"

namespace usage {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using usage::testing::Bench;
using usage::testing::kNow;  // a Wednesday: the last complete week is 2026-W47
using usage::testing::TemporaryFolder;
using usage::testing::text_at;
using usage::testing::write_file;

constexpr char kConfig[] = R"(
windows: [7d]
features: {export: {source: app, table: exports, time: at, user: who}}
)";
constexpr char kReportFailures[] = "usage_exporter_report_failures_total";
const Instant kMonday = parse_rfc3339("2026-11-30T00:00:00Z").value();  // 2026-W48 ends

std::string rows(Instant at, int count) {
  std::string sql;
  for (int i = 0; i < count; ++i) {
    sql += fmt::format("INSERT INTO exports VALUES ('{}', {});", text_at(at), i);
  }
  return sql;
}

class ReportsTest : public ::testing::Test {
 protected:
  ReportsTest() : bench_("CREATE TABLE exports (at TEXT, who INTEGER);", kConfig) {
    bench_.run_sql(rows(kNow - days(7), 12) + rows(kNow - days(14), 5) + rows(kNow - days(100), 1));
  }

  std::unique_ptr<Reports> start(std::vector<const ReportForm*> forms = {&report_forms()[2]}) {
    return std::make_unique<Reports>(bench_.state(), ReportFolder{folder_.file("reports"), forms},
                                     self_, log_);
  }

  // Refreshes and looks at every step.
  void live(Reports& reports, Duration span, Duration step = minutes(1)) {
    for (const Instant end = bench_.now + span; bench_.now < end; bench_.now += step) {
      bench_.run();
      reports.tick(bench_.now);
    }
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.file("reports"))) {
      names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }

  std::string file(const std::string& name) const {
    std::ifstream stream(folder_.file("reports/" + name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  HttpResponse get(Reports& reports, std::string_view path, std::string_view query = "") const {
    HttpRequest request;
    request.method = "GET";
    request.path = path;
    request.query = query;
    return reports.get(request, bench_.now);
  }

  // What is published of the files, by name.
  std::map<std::string, double> series() const {
    std::map<std::string, double> found;
    for (const MetricFamily& family : self_.metrics()) {
      if (family.name.starts_with("usage_exporter_report_")) {
        found[family.name] = family.samples.at(0).value;
      }
    }
    return found;
  }

  static std::string text(const HttpResponse& response) { return *response.body.at(0); }

  const SystemClock clock_;
  Log log_{stderr, LogLevel::error, LogFormat::logfmt, clock_};
  SelfMetrics self_{kNow};
  TemporaryFolder folder_;
  Bench bench_;
};

TEST_F(ReportsTest, NothingIsToldBeforeTheTablesWereRead) {
  const auto reports = start();
  reports->tick(bench_.now);
  EXPECT_EQ(get(*reports, "/report").status, 503);
  EXPECT_THAT(files(), IsEmpty());
  bench_.run();
  EXPECT_EQ(get(*reports, "/report").status, 200);
}

TEST_F(ReportsTest, TheLastWeekIsServedWhileTheFactsAreLocked) {
  const auto reports = start();
  bench_.run();
  reports->tick(bench_.now);
  std::future<HttpResponse> asked;
  {
    const LockedFacts facts = bench_.state()->lock();
    asked = std::async(std::launch::async, [&] { return get(*reports, "/report", "format=json"); });
    EXPECT_EQ(asked.wait_for(seconds(60)), std::future_status::ready);
  }
  const HttpResponse response = asked.get();
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_THAT(text(response), HasSubstr("\"week\": \"2026-W47\""));
  EXPECT_THAT(text(response), HasSubstr("\"uses\": {\"value\": 12, \"week_before\": 5,"));
}

TEST_F(ReportsTest, WhatIsKeptIsRenewedWithinTheHour) {
  const auto reports = start();
  bench_.run();
  reports->tick(bench_.now);
  const std::string first = text(get(*reports, "/report", "format=json"));
  bench_.run_sql(
      rows(kNow - hours(60), 1));  // late, of the week's Sunday, which is read every hour
  live(*reports, minutes(40), minutes(10));
  EXPECT_EQ(text(get(*reports, "/report", "format=json")), first);
  live(*reports, minutes(90), minutes(10));
  EXPECT_THAT(text(get(*reports, "/report", "format=json")),
              HasSubstr("\"uses\": {\"value\": 13,"));
}

TEST_F(ReportsTest, OtherWeeksOnDemand) {
  const auto reports = start();
  bench_.run();
  reports->tick(bench_.now);
  EXPECT_THAT(text(get(*reports, "/report/2026-W46", "format=md")), HasSubstr("Week 46 of 2026"));
  EXPECT_THAT(text(get(*reports, "/report/2026-W45", "format=html")), HasSubstr("<!DOCTYPE html>"));
  for (const char* path : {"/report/2026-W48", "/report/2019-W01", "/report/x", "/report/"}) {
    EXPECT_EQ(get(*reports, path).status, 404) << path;
  }
  EXPECT_EQ(get(*reports, "/report", "format=pdf").status, 404);
}

TEST_F(ReportsTest, AWeekIsWrittenOnceItsTablesWereReadPastItsEnd) {
  const auto reports = start();
  bench_.run();
  reports->tick(bench_.now);
  EXPECT_THAT(files(), ElementsAre("report-2026-W47.json"));
  bench_.now = kMonday - minutes(2);
  live(*reports, minutes(2));
  bench_.run_sql(rows(kMonday - seconds(30), 9));
  reports->tick(kMonday);  // nobody has read the last minute
  EXPECT_THAT(files(), ElementsAre("report-2026-W47.json"));
  live(*reports, minutes(30));
  EXPECT_THAT(files(), ElementsAre("report-2026-W47.json", "report-2026-W48.json"));
  EXPECT_THAT(file("report-2026-W48.json"), HasSubstr("\"uses\": {\"value\": 9,"));
}

TEST_F(ReportsTest, ARestartWritesNothingTwiceAndMissesNoWeek) {
  {
    const auto reports = start();
    bench_.run();
    reports->tick(bench_.now);
  }
  write_file(folder_.file("reports/report-2026-W47.json"), "as it was sent");
  bench_.restart();
  bench_.use(kConfig);
  bench_.now += days(15);  // a Thursday: W48 and W49 ended while the process was down
  const auto reports = start();
  live(*reports, minutes(3));
  EXPECT_THAT(files(),
              ElementsAre("report-2026-W47.json", "report-2026-W48.json", "report-2026-W49.json"));
  EXPECT_EQ(file("report-2026-W47.json"), "as it was sent");
  EXPECT_THAT(file("report-2026-W48.json"), HasSubstr("\"week\": \"2026-W48\""));
}

TEST_F(ReportsTest, EveryFormatThatIsAskedFor) {
  const auto reports = start({&report_forms()[0], &report_forms()[1]});
  bench_.run();
  reports->tick(bench_.now);
  EXPECT_THAT(files(), ElementsAre("report-2026-W47.html", "report-2026-W47.md"));
  EXPECT_EQ(file("report-2026-W47.html"), text(get(*reports, "/report")));
}

TEST_F(ReportsTest, ASourceThatIsDownPutsTheFileOff) {
  const auto reports = start();
  bench_.run();
  reports->tick(bench_.now);
  for (bench_.now = kMonday - hours(1); bench_.now < kMonday + hours(8);
       bench_.now += minutes(10)) {
    reports->tick(bench_.now);  // and nothing is read
  }
  EXPECT_THAT(files(), ElementsAre("report-2026-W47.json"));
  EXPECT_EQ(get(*reports, "/report").status, 200);  // of what is known
  live(*reports, minutes(1));
  EXPECT_THAT(files(), ElementsAre("report-2026-W47.json", "report-2026-W48.json"));
}

TEST_F(ReportsTest, AFolderThatFailsIsTriedAgain) {
  const auto reports = start();
  bench_.run();
  std::filesystem::remove(folder_.file("reports"));
  EXPECT_THAT(series(), ElementsAre(Pair(kReportFailures, 0)));
  reports->tick(bench_.now);
  EXPECT_THAT(series(), ElementsAre(Pair(kReportFailures, 1)));
  reports->tick(bench_.now + seconds(59));
  EXPECT_THAT(series(), ElementsAre(Pair(kReportFailures, 1)));
  reports->tick(bench_.now + seconds(60));
  EXPECT_THAT(series(), ElementsAre(Pair(kReportFailures, 2)));
  std::filesystem::create_directory(folder_.file("reports"));
  reports->tick(bench_.now + seconds(119));
  EXPECT_THAT(files(), IsEmpty());
  const Instant written = bench_.now + seconds(120);
  reports->tick(written);
  EXPECT_THAT(files(), ElementsAre("report-2026-W47.json"));
  reports->tick(written + hours(1));
  EXPECT_THAT(series(), ElementsAre(Pair(kReportFailures, 2),
                                    Pair("usage_exporter_report_last_success_timestamp_seconds",
                                         unix_seconds(written))));
}

TEST_F(ReportsTest, WithoutAFolderThereIsNothingToSayOfFiles) {
  Reports reports(bench_.state(), {}, self_, log_);
  bench_.run();
  reports.tick(bench_.now);
  EXPECT_THAT(series(), IsEmpty());
}

TEST_F(ReportsTest, AFolderOfNoUseIsFoundAtTheStart) {
  try {
    const Reports reports(bench_.state(), {"/dev/null/reports", {&report_forms()[0]}}, self_, log_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("--report.folder=/dev/null/reports"));
  }
}

TEST_F(ReportsTest, AfterTheStopNothingIsMade) {
  const auto reports = start();
  bench_.run();
  reports->stop();
  reports->tick(bench_.now);
  EXPECT_EQ(get(*reports, "/report").status, 503);
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(ReportsTest, AReloadForgetsWhatWasMade) {
  const auto reports = start();
  bench_.run();
  reports->tick(bench_.now);
  bench_.use(std::string(kConfig) + "report: {mine: {n: {feature: export, figure: uses}}}\n");
  bench_.run();
  reports->tick(bench_.now);
  EXPECT_THAT(text(get(*reports, "/report", "format=json")), HasSubstr("\"n\": 12"));
}

}  // namespace
}  // namespace usage
