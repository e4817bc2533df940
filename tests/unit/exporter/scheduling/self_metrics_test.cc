#include "exporter/scheduling/self_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "exporter/exposition/text_format.h"

namespace usage {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr Instant kStarted{1'234'500s};

std::string page(const SelfMetrics& self, Format format = Format::text) {
  return render(self.metrics(), format);
}

TEST(SelfMetrics, EverySeriesOfAJobIsThereFromTheStart) {
  SelfMetrics self(kStarted);
  const auto job = self.add_job("exports", "product", 5min);
  const std::string text = page(self);
  for (const char* line :
       {"usage_exporter_collector_up{collector=\"exports\",source=\"product\"} 0\n",
        "usage_exporter_collector_rows{collector=\"exports\",source=\"product\"} 0\n",
        "usage_exporter_collector_series{collector=\"exports\",source=\"product\"} 0\n",
        "usage_exporter_collector_stale{collector=\"exports\",source=\"product\"} 0\n",
        "usage_exporter_collector_stale_after_seconds{collector=\"exports\",source=\"product\"} "
        "300\n",
        "usage_exporter_collector_skipped_runs_total{collector=\"exports\",source=\"product\"} 0\n",
        "usage_exporter_collector_run_duration_seconds_count{collector=\"exports\",source="
        "\"product\"} 0\n",
        "usage_exporter_scrapes_total{code=\"200\"} 0\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  for (const Reason reason : kReasons) {
    EXPECT_THAT(text,
                HasSubstr("usage_exporter_collector_errors_total{collector=\"exports\",reason=\"" +
                          std::string(to_string(reason)) + "\",source=\"product\"} 0\n"));
  }
}

TEST(SelfMetrics, TimestampsOfWhatNeverHappenedAreAbsent) {
  SelfMetrics self(kStarted);
  const auto job = self.add_job("exports", "product", 5min);
  EXPECT_THAT(page(self), Not(HasSubstr("timestamp_seconds")));
  job->next_run(kStarted + 5s);
  job->started(kStarted + 1s);
  const std::string text = page(self);
  EXPECT_THAT(text, HasSubstr("last_attempt_timestamp_seconds{collector=\"exports\",source="
                              "\"product\"} 1234501\n"));
  EXPECT_THAT(text,
              HasSubstr("next_run_timestamp_seconds{collector=\"exports\",source=\"product\"} "
                        "1234505\n"));
  EXPECT_THAT(text, Not(HasSubstr("last_success_timestamp_seconds")));
}

TEST(SelfMetrics, RunsAreCountedAndTimed) {
  SelfMetrics self(kStarted);
  const auto job = self.add_job("exports", "product", 5min);
  job->succeeded(kStarted + 2s, 20ms, {10, 3, 1, 2, 4});
  job->succeeded(kStarted + 4s, 2s, {20, 6, 1, 2, 4});
  const std::string labels = "{collector=\"exports\",source=\"product\"} ";
  std::string text = page(self);
  for (const char* line :
       {"up{} 1", "rows{} 20", "series{} 6", "skipped_rows_total{} 2", "merged_rows_total{} 4",
        "dropped_series_total{} 8", "last_success_timestamp_seconds{} 1234504",
        "run_duration_seconds_count{} 2", "run_duration_seconds_sum{} 2.02"}) {
    std::string expected = std::string("usage_exporter_collector_") + line + "\n";
    expected.replace(expected.find("{} "), 3, labels);
    EXPECT_THAT(text, HasSubstr(expected));
  }
  EXPECT_THAT(text, HasSubstr("source=\"product\",le=\"0.025\"} 1\n"));
  job->failed(1s, Reason::timeout);
  job->skipped();
  job->stale(true);
  text = page(self);
  EXPECT_THAT(text, HasSubstr("usage_exporter_collector_up" + labels + "0\n"));
  EXPECT_THAT(text, HasSubstr("reason=\"timeout\",source=\"product\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("usage_exporter_collector_skipped_runs_total" + labels + "1\n"));
  EXPECT_THAT(text, HasSubstr("usage_exporter_collector_stale" + labels + "1\n"));
  EXPECT_THAT(text, HasSubstr("usage_exporter_collector_rows" + labels + "20\n"));
}

TEST(SelfMetrics, SeriesGoWithTheJob) {
  SelfMetrics self(kStarted);
  auto job = self.add_job("exports", "product", 5min);
  const auto other = self.add_job("exports", "second", 5min);
  job->started(kStarted);
  job.reset();
  EXPECT_THAT(page(self), Not(HasSubstr("product")));
  EXPECT_THAT(page(self), HasSubstr("second"));
  EXPECT_THAT(page(self), Not(HasSubstr("last_attempt_timestamp_seconds")));
}

TEST(SelfMetrics, AReloadedJobGoesOnCounting) {
  SelfMetrics self(kStarted);
  auto old = self.add_job("exports", "product", 5min);
  old->failed(1s, Reason::query);
  const auto fresh = self.add_job("exports", "product", 7min);
  old.reset();
  fresh->failed(1s, Reason::query);
  EXPECT_THAT(page(self), HasSubstr("reason=\"query\",source=\"product\"} 2\n"));
  EXPECT_THAT(page(self), HasSubstr("source=\"product\"} 420\n"));
}

TEST(SelfMetrics, JobsComeAndGoWhileThePageIsRead) {
  SelfMetrics self(kStarted);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 200; ++n) {
        const auto job = self.add_job("exports", "product", 5min);
        job->started(kStarted);
        job->succeeded(kStarted, 1ms, {1, 1, 0, 0, 0});
      }
    });
  }
  for (int n = 0; n < 100; ++n) {
    EXPECT_THAT(page(self), Not(HasSubstr("timestamp_seconds{collector=\"exports\",source="
                                          "\"product\"} 0\n")));
  }
  threads.clear();
  EXPECT_THAT(page(self), Not(HasSubstr("product")));
}

TEST(SelfMetrics, ReloadsAndScrapes) {
  SelfMetrics self(kStarted);
  EXPECT_THAT(page(self), Not(HasSubstr("config_last_reload")));
  self.reloaded(true, kStarted + 1s);
  self.reloaded(false, kStarted + 2s);
  self.scraped(200);
  self.scraped(500);
  const std::string text = page(self);
  EXPECT_THAT(text, HasSubstr("usage_exporter_config_last_reload_successful 0\n"));
  EXPECT_THAT(text, HasSubstr("last_reload_success_timestamp_seconds 1234501\n"));
  EXPECT_THAT(text, HasSubstr("usage_exporter_scrapes_total{code=\"200\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("usage_exporter_scrapes_total{code=\"500\"} 1\n"));
}

TEST(SelfMetrics, TheProcessAndTheBuild) {
  const SelfMetrics self(kStarted);
  const std::string text = page(self);
  EXPECT_THAT(text, HasSubstr("\nprocess_start_time_seconds 1234500\n"));
  EXPECT_THAT(text, HasSubstr("usage_exporter_build_info{revision=\""));
  EXPECT_THAT(page(self, Format::openmetrics), HasSubstr("# TYPE usage_exporter_build info\n"));
  for (const MetricFamily& family : self.metrics()) {
    if (family.name.starts_with("process_")) {
      ASSERT_EQ(family.samples.size(), 1U);
      EXPECT_GT(family.samples[0].value, 0) << family.name;
    }
  }
}

TEST(SelfMetrics, FamiliesAreValidSortedAndDistinct) {
  SelfMetrics self(kStarted);
  const auto first = self.add_job("b", "two", 5min);
  const auto second = self.add_job("a", "one", 5min);
  first->next_run(kStarted);
  const Metrics metrics = self.metrics();
  EXPECT_NO_THROW(validate(metrics));
  for (std::size_t i = 1; i < metrics.size(); ++i) {
    EXPECT_LT(metrics[i - 1].name, metrics[i].name);
  }
  EXPECT_LT(page(self).find("up{collector=\"a\""), page(self).find("up{collector=\"b\""));
}

}  // namespace
}  // namespace usage
