#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/api/source.h"
#include "collectors/api/writer.h"
#include "collectors/collectors.h"
#include "collectors/sources/drivers.h"
#include "collectors/usage/usage.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"
#include "tests/support/fake_clock.h"
#include "tests/support/slow_source.h"
#include "tests/support/temporary_folder.h"

// The usage collector on a SQLite file of its own.
namespace usage::testing {

inline const Instant kNow = parse_rfc3339("2026-11-25T08:20:00Z").value();

inline std::string text_at(Instant instant) {
  std::string text = format_rfc3339(instant);
  text[10] = ' ';
  text.pop_back();
  return text;
}

// A config on a database of its own; every run is a job's run without the job.
class Bench {
 public:
  Bench(const std::string& tables, const std::string& config, UsageOptions options = {})
      : state_(std::make_shared<UsageState>(std::move(options))) {
    run_sql(tables);
    use(config);
  }

  // As the end of the process and its next start do.
  void restart() {
    const UsageOptions options = state_->options();
    collector_.reset();
    state_.reset();  // the folder is held by one at a time
    state_ = std::make_shared<UsageState>(options);
  }

  // What the source and the collector take for the time.
  const Clock& clock() const { return clock_; }

  // As a reload does.
  void use(const std::string& config) {
    Problems problems;
    config_ = load_config_text(
        "<test>",
        fmt::format("sources: {{app: {{dsn: 'sqlite:{}'}}}}\n", folder_.file("app.db")) + config,
        problems);
    collector_.reset();
    auto plans = plan_collectors(config_, problems, state_);
    problems.throw_if_any();
    source_ = std::make_unique<SlowSource>(open_source(config_.sources.front(), clock_), clock_);
    collector_ = plans.front().make(config_.sources.front(), *source_);
  }

  void run_sql(const std::string& sql) {
    open_writer(Secret("sqlite:" + folder_.file("app.db")))->execute(sql);
  }

  Metrics run(Duration longest = std::chrono::seconds(20)) {
    Log log(stderr, LogLevel::error, LogFormat::logfmt, clock_);
    collection_ = collector_->collect({now, clock_.steady_now() + longest, log, clock_});
    validate(collection_.metrics);
    validate(collector_->health());
    return collection_.metrics;
  }

  // The value of a series of the last run; nullopt where there is none.
  std::optional<double> value(const std::string& name,
                              const std::vector<std::string>& labels) const {
    Metrics all = collection_.metrics;
    const Metrics health = collector_->health();
    all.insert(all.end(), health.begin(), health.end());
    for (const MetricFamily& family : all) {
      for (const Sample& sample : family.samples) {
        if (family.name == name && sample.labels == labels) {
          return sample.value;
        }
      }
    }
    return std::nullopt;
  }

  bool has(const std::string& name) const {
    return std::any_of(collection_.metrics.begin(), collection_.metrics.end(),
                       [&](const MetricFamily& family) { return family.name == name; });
  }

  Collector& collector() { return *collector_; }
  const Config& config() const { return config_; }
  const std::shared_ptr<UsageState>& state() const { return state_; }
  SlowSource& source() { return *source_; }
  std::uint64_t rows() const { return collection_.rows; }

  Instant now = kNow;

 private:
  FakeClock clock_{kNow};
  TemporaryFolder folder_;
  std::shared_ptr<UsageState> state_;
  Config config_;
  std::unique_ptr<SlowSource> source_;
  std::unique_ptr<Collector> collector_;
  Collection collection_;
};

}  // namespace usage::testing
