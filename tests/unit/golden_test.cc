// Each folder of tests/golden with a config.yml is a case: data.sql fills an SQLite database, the
// config is collected once at a fixed instant, and the page must be metrics.prom (text 0.0.4) and,
// where it exists, metrics.om (OpenMetrics). USAGE_UPDATE_GOLDEN=1 writes them instead.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "collectors/api/writer.h"
#include "collectors/sources/drivers.h"
#include "exporter/base/timestamps.h"
#include "exporter/pages/metrics_page.h"
#include "exporter/scheduling/engine.h"
#include "tests/support/source_path.h"

namespace usage {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<fs::path> cases() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(source_path("tests/golden"))) {
    if (fs::exists(entry.path() / "config.yml")) {
      found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

class Golden : public testing::TestWithParam<fs::path> {};

std::string collect(const fs::path& folder, Format format) {
  const FixedClock clock(parse_rfc3339("2026-11-25T08:00:00Z").value());
  Log log(stderr, LogLevel::warn, LogFormat::logfmt, clock);
  Publisher publisher;
  SelfMetrics self(clock.now());
  Engine engine(load_plan((folder / "config.yml").string()), {clock, log, publisher, self});
  for (const auto& job : engine.jobs()) {
    EXPECT_TRUE(job->run()) << job->status().error;
  }
  MetricsPage page(publisher, [] { return Metrics(); }, clock);
  HttpRequest request;
  request.accept = content_type(format);
  std::string text;
  for (const auto& part : page.get(request).body) {
    text += *part;
  }
  return text;
}

TEST_P(Golden, PageIsAsWritten) {
  const fs::path folder = GetParam();
  const fs::path database =
      fs::temp_directory_path() / ("usage_golden_" + std::to_string(getpid()) + ".db");
  fs::remove(database);
  open_writer(Secret("sqlite:" + database.string()))->execute(read(folder / "data.sql"));
  ::setenv("GOLDEN_DATABASE", database.c_str(), 1);
  for (const Format format : {Format::text, Format::openmetrics}) {
    const fs::path expected = folder / (format == Format::text ? "metrics.prom" : "metrics.om");
    const std::string page = collect(folder, format);
    if (std::getenv("USAGE_UPDATE_GOLDEN")) {
      std::ofstream(expected, std::ios::binary) << page;
    }
    EXPECT_EQ(page, read(expected)) << expected;
  }
  fs::remove(database);
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, testing::ValuesIn(cases()),
                         [](const auto& tested) { return tested.param.filename().string(); });

TEST(GoldenCases, ThereIsOneForEachKindOfMetric) {
  std::string all;
  for (const fs::path& folder : cases()) {
    all += read(folder / "metrics.om");
  }
  for (const char* type : {" gauge\n", " counter\n", " histogram\n", " info\n", " stateset\n"}) {
    EXPECT_NE(all.find(type), std::string::npos) << type;
  }
}

}  // namespace
}  // namespace usage
