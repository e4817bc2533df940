#include "exporter/scheduling/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "exporter/base/error.h"
#include "exporter/base/timestamps.h"
#include "exporter/pages/metrics_page.h"
#include "tests/support/fake_clock.h"

namespace usage {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

// Returns what the test put there, or throws it.
class ScriptedCollector : public Collector {
 public:
  Metrics describe() const override { return {family()}; }
  std::vector<ColumnCheck> check(const RunContext&) override { return {}; }
  Collection collect(const RunContext&) override {
    if (failure) {
      throw Error(*failure, "it failed");
    }
    Collection collection;
    collection.rows = 3;
    collection.metrics = {family()};
    collection.metrics[0].samples = samples;
    return collection;
  }
  static MetricFamily family() {
    MetricFamily family;
    family.name = "exports";
    family.help = "Exports.";
    family.label_names = {"format"};
    return family;
  }

  std::optional<Reason> failure;
  std::vector<Sample> samples{{{"csv"}, 1}};
};

class JobTest : public testing::Test {
 protected:
  JobTest()
      : clock_(parse_rfc3339("2026-11-25T08:00:00Z").value()),
        log_file_(std::tmpfile()),
        log_(log_file_, LogLevel::info, LogFormat::logfmt, clock_),
        self_(clock_.now()),
        services_{clock_, log_, publisher_, self_} {
    config_.name = "exports";
    config_.sources = {"app"};
    config_.schedule.interval = 1min;
    config_.stale_after = 5min;
    source_.name = "app";
    job_ = make_job();
  }
  ~JobTest() override { std::fclose(log_file_); }

  std::unique_ptr<Job> make_job() {
    auto collector = std::make_unique<ScriptedCollector>();
    collector_ = collector.get();
    return std::make_unique<Job>(config_, source_, std::move(collector), services_);
  }

  std::string page() {
    MetricsPage page(publisher_, [this] { return self_.metrics(); }, clock_);
    std::string text;
    for (const auto& part : page.get({}).body) {
      text += *part;
    }
    return text;
  }

  std::string logged() {
    std::rewind(log_file_);
    std::array<char, 8192> buffer{};
    return {buffer.data(), std::fread(buffer.data(), 1, buffer.size(), log_file_)};
  }

  FakeClock clock_;
  std::FILE* log_file_;
  Log log_;
  Publisher publisher_;
  SelfMetrics self_;
  Services services_;
  CollectorConfig config_;
  SourceConfig source_;
  ScriptedCollector* collector_ = nullptr;
  std::unique_ptr<Job> job_;
};

TEST_F(JobTest, PublishesAndTellsOfItself) {
  EXPECT_EQ(job_->status().state, JobState::starting);
  EXPECT_TRUE(job_->run());
  EXPECT_EQ(job_->status().state, JobState::healthy);
  const std::string text = page();
  EXPECT_THAT(text, HasSubstr("exports{format=\"csv\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("usage_exporter_collector_up{collector=\"exports\",source=\"app\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("usage_exporter_collector_rows{collector=\"exports\",source=\"app\"} 3\n"));
  EXPECT_THAT(
      text, HasSubstr("usage_exporter_collector_series{collector=\"exports\",source=\"app\"} 1\n"));
}

TEST_F(JobTest, AFailureKeepsTheLastGoodResultUntilItIsStale) {
  job_->run();
  collector_->failure = Reason::unavailable;
  clock_.advance(4min);
  EXPECT_FALSE(job_->run());
  job_->expire();
  EXPECT_EQ(job_->status().state, JobState::failing);
  EXPECT_THAT(page(), HasSubstr("exports{format=\"csv\"} 1\n"));
  EXPECT_THAT(page(),
              HasSubstr("usage_exporter_collector_up{collector=\"exports\",source=\"app\"} 0\n"));
  EXPECT_THAT(
      page(),
      HasSubstr("errors_total{collector=\"exports\",reason=\"unavailable\",source=\"app\"} 1\n"));

  clock_.advance(1min);
  job_->expire();
  EXPECT_EQ(job_->status().state, JobState::stale);
  EXPECT_THAT(page(), Not(HasSubstr("exports{format=\"csv\"}")));
  EXPECT_THAT(
      page(),
      HasSubstr("usage_exporter_collector_stale{collector=\"exports\",source=\"app\"} 1\n"));

  collector_->failure.reset();
  job_->run();
  EXPECT_EQ(job_->status().state, JobState::healthy);
  EXPECT_THAT(page(), HasSubstr("exports{format=\"csv\"} 1\n"));
  EXPECT_THAT(
      page(),
      HasSubstr("usage_exporter_collector_stale{collector=\"exports\",source=\"app\"} 0\n"));
}

TEST_F(JobTest, ACollectorThatRunsSeldomIsNotStaleInBetween) {
  job_->run();
  clock_.advance(24h);
  job_->expire();
  EXPECT_EQ(job_->status().state, JobState::healthy);
  EXPECT_THAT(page(), HasSubstr("exports{format=\"csv\"} 1\n"));
}

TEST_F(JobTest, ACollectorWhoseRunsAreSkippedGoesStale) {
  job_->run();
  clock_.advance(5min);
  job_->skipped();
  job_->expire();
  EXPECT_EQ(job_->status().state, JobState::stale);
  EXPECT_THAT(page(), Not(HasSubstr("exports{format=\"csv\"}")));
}

TEST_F(JobTest, AWrongResultChangesNothing) {
  job_->run();
  collector_->samples = {{{"csv"}, 5}, {{"csv"}, 6}};
  EXPECT_FALSE(job_->run());
  EXPECT_EQ(job_->status().error_reason, Reason::duplicate);
  EXPECT_THAT(page(), HasSubstr("exports{format=\"csv\"} 1\n"));
}

TEST_F(JobTest, ARunReplacesTheWholeSet) {
  job_->run();
  collector_->samples = {{{"png"}, 5}};
  job_->run();
  EXPECT_THAT(page(), Not(HasSubstr("csv")));
  collector_->samples.clear();
  EXPECT_TRUE(job_->run());
  EXPECT_THAT(page(), Not(HasSubstr("png")));
}

TEST_F(JobTest, WarnsOnceAndTellsOfTheRecovery) {
  collector_->failure = Reason::query;
  job_->run();
  job_->run();
  job_->run();
  collector_->failure.reset();
  job_->run();
  job_->run();
  const std::string lines = logged();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2) << lines;
  EXPECT_THAT(lines, HasSubstr("level=warn msg=\"collector failed\" collector=exports source=app "
                               "reason=query err=\"it failed\""));
  EXPECT_THAT(lines, HasSubstr("level=info msg=\"collector recovered\""));
}

TEST_F(JobTest, InheritsTheFreshnessOfAnEarlierConfig) {
  job_->run();
  const std::unique_ptr<Job> earlier = std::move(job_);
  job_ = make_job();
  job_->adopt(*earlier);
  EXPECT_EQ(job_->status().state, JobState::healthy);
  collector_->failure = Reason::query;
  job_->run();
  clock_.advance(5min);
  job_->expire();
  EXPECT_EQ(job_->status().state, JobState::stale);
  EXPECT_THAT(page(), Not(HasSubstr("exports{format=\"csv\"}")));
}

TEST_F(JobTest, TheSeriesOfTheSameJobSurviveTheEndOfTheEarlierOne) {
  job_->run();
  std::unique_ptr<Job> earlier = std::move(job_);
  job_ = make_job();
  earlier.reset();
  EXPECT_TRUE(job_->run());
  EXPECT_THAT(page(),
              HasSubstr("usage_exporter_collector_rows{collector=\"exports\",source=\"app\"} 3\n"));
}

}  // namespace
}  // namespace usage
