#include "exporter/scheduling/self_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "exporter/base/version.h"
#include "exporter/scheduling/process_metrics.h"

namespace usage {

namespace {

using Labels = std::map<std::string, std::string>;
template <typename Metric>
using Family = prometheus::Family<Metric>;
using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;

const Histogram::BucketBoundaries kRunSeconds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                              1,     2.5,  5,     10,   30,  60};

Family<Gauge>& gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

Family<Counter>& counter(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

// Families of the jobs.
struct JobFamilies {
  explicit JobFamilies(prometheus::Registry& r)
      : up(gauge(r, "usage_exporter_collector_up",
                 "1 if the collector's last run on the source succeeded, 0 if it failed or has not "
                 "run yet.")),
        last_success(gauge(r, "usage_exporter_collector_last_success_timestamp_seconds",
                           "When the last successful run ended, in seconds since the Unix epoch; "
                           "absent until then.")),
        last_attempt(gauge(r, "usage_exporter_collector_last_attempt_timestamp_seconds",
                           "When the last run began, in seconds since the Unix epoch; absent until "
                           "then.")),
        next_run(gauge(r, "usage_exporter_collector_next_run_timestamp_seconds",
                       "When the next run is due, in seconds since the Unix epoch.")),
        rows(gauge(r, "usage_exporter_collector_rows",
                   "Rows that the last successful run read from the source.")),
        series(gauge(r, "usage_exporter_collector_series",
                     "Series that the last successful run put on the page.")),
        stale(gauge(r, "usage_exporter_collector_stale",
                    "1 if the collector's series were taken off the page because it has failed for "
                    "longer than stale_after, else 0.")),
        stale_after(gauge(r, "usage_exporter_collector_stale_after_seconds",
                          "How long after its last success a failing collector's series stay on "
                          "the page, in seconds.")),
        errors(counter(r, "usage_exporter_collector_errors_total",
                       "Failed runs, by what went wrong.")),
        skipped_runs(counter(r, "usage_exporter_collector_skipped_runs_total",
                             "Runs that were due while the one before was still going, and were "
                             "left out.")),
        skipped_rows(counter(r, "usage_exporter_collector_skipped_rows_total",
                             "Rows left out by the on_null policy.")),
        merged_rows(counter(r, "usage_exporter_collector_merged_rows_total",
                            "Rows with the labels of another, merged by the on_duplicate policy.")),
        dropped_series(counter(r, "usage_exporter_collector_dropped_series_total",
                               "Series left out or folded together by the on_limit policy.")),
        duration(prometheus::BuildHistogram()
                     .Name("usage_exporter_collector_run_duration_seconds")
                     .Help("How long runs took, failed ones too, in seconds.")
                     .Register(r)) {}

  Family<Gauge>&up, &last_success, &last_attempt, &next_run, &rows, &series, &stale, &stale_after;
  Family<Counter>&errors, &skipped_runs, &skipped_rows, &merged_rows, &dropped_series;
  Family<Histogram>& duration;
};

MetricType type_of(const prometheus::MetricFamily& family) {
  if (family.name.ends_with("_info")) {
    return MetricType::info;
  }
  switch (family.type) {
    case prometheus::MetricType::Counter:
      return MetricType::counter;
    case prometheus::MetricType::Histogram:
      return MetricType::histogram;
    default:
      return MetricType::gauge;
  }
}

HistogramSample histogram_sample(const prometheus::ClientMetric& metric,
                                 std::vector<std::string> labels) {
  HistogramSample sample{std::move(labels), {}, metric.histogram.sample_sum};
  for (const auto& bucket : metric.histogram.bucket) {
    sample.bucket_counts.push_back(bucket.cumulative_count);
  }
  return sample;
}

MetricFamily convert(const prometheus::MetricFamily& collected, Instant started) {
  MetricFamily family;
  family.name = collected.name;
  family.help = collected.help;
  family.type = type_of(collected);
  if (base_name(family).ends_with("_seconds")) {
    family.unit = "seconds";
  }
  if (family.type == MetricType::counter || family.type == MetricType::histogram) {
    family.created = started;
  }
  for (const auto& label : collected.metric.front().label) {
    family.label_names.push_back(label.name);
  }
  if (family.type == MetricType::histogram) {
    family.bounds.assign(kRunSeconds.begin(), kRunSeconds.end());
  }
  for (const prometheus::ClientMetric& metric : collected.metric) {
    std::vector<std::string> labels;
    for (const auto& label : metric.label) {
      labels.push_back(label.value);
    }
    if (family.type == MetricType::histogram) {
      family.histograms.push_back(histogram_sample(metric, std::move(labels)));
    } else {
      family.samples.push_back({std::move(labels), family.type == MetricType::counter
                                                       ? metric.counter.value
                                                       : metric.gauge.value});
    }
  }
  // The registry keeps them by hash.
  const auto by_labels = [](const auto& a, const auto& b) { return a.labels < b.labels; };
  std::sort(family.samples.begin(), family.samples.end(), by_labels);
  std::sort(family.histograms.begin(), family.histograms.end(), by_labels);
  return family;
}

}  // namespace

struct SelfMetrics::State {
  explicit State(Instant at) : started(at) {
    gauge(registry, "usage_exporter_build_info", "1; the labels say which program this is.")
        .Add({{"version", kVersion}, {"revision", kRevision}})
        .Set(1);
  }

  using Key = std::pair<std::string, std::string>;  // collector, source

  const Instant started;
  prometheus::Registry registry;
  JobFamilies jobs{registry};
  Family<Counter>& scrapes = counter(registry, "usage_exporter_scrapes_total",
                                     "Requests for /metrics, by the status they were answered.");
  Counter& good_scrapes = scrapes.Add({{"code", "200"}});  // looking it up would cost a microsecond
  Family<Gauge>& reload_successful =
      gauge(registry, "usage_exporter_config_last_reload_successful",
            "1 if the configuration was read without a mistake at the last attempt, else 0; the "
            "one before is then still in use.");
  Family<Gauge>& reload_success =
      gauge(registry, "usage_exporter_config_last_reload_success_timestamp_seconds",
            "When the configuration in use was read, in seconds since the Unix epoch.");
  Family<Counter>& report_failures = counter(
      registry, "usage_exporter_report_failures_total",
      "Times that a weekly report was due and could not be written into --report.folder; it "
      "is tried again every minute.");
  Family<Gauge>& report_success = gauge(
      registry, "usage_exporter_report_last_success_timestamp_seconds",
      "When this process last wrote a weekly report into --report.folder, in seconds since the "
      "Unix epoch; absent until then.");

  std::mutex mutex;
  std::map<Key, std::shared_ptr<Job::Series>> series;  // of the jobs there are
};

// The metrics of one job; removed from the registry at the end. Timestamps are added when there is
// one to show.
struct SelfMetrics::Job::Series {
  Series(std::shared_ptr<State> owner, const std::string& collector, const std::string& source)
      : state(std::move(owner)), labels{{"collector", collector}, {"source", source}} {
    for (const Reason reason : kReasons) {
      Labels with_reason = labels;
      with_reason.emplace("reason", to_string(reason));
      errors.emplace(reason, families.errors.Add(with_reason));
    }
  }

  ~Series() {
    const auto remove = [](auto& family, auto& metric) { family.Remove(&metric); };
    remove(families.up, up);
    remove(families.rows, rows);
    remove(families.series, series);
    remove(families.stale, stale);
    remove(families.stale_after, stale_after);
    remove(families.skipped_runs, skipped_runs);
    remove(families.skipped_rows, skipped_rows);
    remove(families.merged_rows, merged_rows);
    remove(families.dropped_series, dropped_series);
    remove(families.duration, duration);
    for (const auto& [family, metric] : timestamps) {
      family->Remove(metric);
    }
    for (const auto& [reason, metric] : errors) {
      families.errors.Remove(&metric.get());
    }
  }

  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;

  void timestamp(Family<Gauge>& family, Instant at) {
    const std::scoped_lock lock(mutex);
    Gauge*& metric = timestamps[&family];
    if (metric == nullptr) {
      metric = &family.Add(labels, unix_seconds(at));
    }
    metric->Set(unix_seconds(at));
  }

  const std::shared_ptr<State> state;
  const Labels labels;
  JobFamilies& families = state->jobs;
  Gauge& up = families.up.Add(labels);
  Gauge& rows = families.rows.Add(labels);
  Gauge& series = families.series.Add(labels);
  Gauge& stale = families.stale.Add(labels);
  Gauge& stale_after = families.stale_after.Add(labels);
  Counter& skipped_runs = families.skipped_runs.Add(labels);
  Counter& skipped_rows = families.skipped_rows.Add(labels);
  Counter& merged_rows = families.merged_rows.Add(labels);
  Counter& dropped_series = families.dropped_series.Add(labels);
  Histogram& duration = families.duration.Add(labels, kRunSeconds);
  std::map<Reason, std::reference_wrapper<Counter>> errors;
  std::mutex mutex;  // for two jobs may share them for a moment
  std::map<Family<Gauge>*, Gauge*> timestamps;
};

SelfMetrics::SelfMetrics(Instant started) : state_(std::make_shared<State>(started)) {}

SelfMetrics::~SelfMetrics() = default;

std::shared_ptr<SelfMetrics::Job> SelfMetrics::add_job(const std::string& collector,
                                                       const std::string& source,
                                                       Duration stale_after) {
  const std::scoped_lock lock(state_->mutex);
  std::shared_ptr<Job::Series>& series = state_->series[{collector, source}];
  if (!series) {
    series = std::make_shared<Job::Series>(state_, collector, source);
  }
  series->stale_after.Set(seconds(stale_after));
  return std::shared_ptr<Job>(new Job(series));
}

void SelfMetrics::scraped(int status_code) {
  if (status_code == 200) {
    state_->good_scrapes.Increment();
  } else {
    state_->scrapes.Add({{"code", std::to_string(status_code)}}).Increment();
  }
}

void SelfMetrics::reloaded(bool success, Instant now) {
  state_->reload_successful.Add({}, success ? 1 : 0).Set(success ? 1 : 0);
  if (success) {
    state_->reload_success.Add({}, unix_seconds(now)).Set(unix_seconds(now));
  }
}

void SelfMetrics::reports_expected() { state_->report_failures.Add({}); }

void SelfMetrics::report_written(Instant now) {
  state_->report_success.Add({}, unix_seconds(now)).Set(unix_seconds(now));
}

void SelfMetrics::report_failed() { state_->report_failures.Add({}).Increment(); }

Metrics SelfMetrics::metrics() const {
  Metrics metrics = process_metrics(state_->started);
  for (const prometheus::MetricFamily& family : state_->registry.Collect()) {
    if (!family.metric.empty()) {
      metrics.push_back(convert(family, state_->started));
    }
  }
  std::sort(metrics.begin(), metrics.end(),
            [](const MetricFamily& a, const MetricFamily& b) { return a.name < b.name; });
  return metrics;
}

SelfMetrics::Job::Job(std::shared_ptr<Series> series) : series_(std::move(series)) {}

SelfMetrics::Job::~Job() {
  const std::shared_ptr<State> state = series_->state;
  const State::Key key{series_->labels.at("collector"), series_->labels.at("source")};
  const std::scoped_lock lock(state->mutex);
  series_.reset();
  if (const auto found = state->series.find(key); found->second.use_count() == 1) {
    state->series.erase(found);
  }
}

void SelfMetrics::Job::started(Instant now) {
  series_->timestamp(series_->families.last_attempt, now);
}

void SelfMetrics::Job::succeeded(Instant now, Duration took, const Result& result) {
  series_->timestamp(series_->families.last_success, now);
  series_->duration.Observe(seconds(took));
  series_->up.Set(1);
  series_->rows.Set(static_cast<double>(result.rows));
  series_->series.Set(static_cast<double>(result.series));
  series_->skipped_rows.Increment(static_cast<double>(result.skipped_rows));
  series_->merged_rows.Increment(static_cast<double>(result.merged_rows));
  series_->dropped_series.Increment(static_cast<double>(result.dropped_series));
}

void SelfMetrics::Job::failed(Duration took, Reason reason) {
  series_->duration.Observe(seconds(took));
  series_->up.Set(0);
  series_->errors.at(reason).get().Increment();
}

void SelfMetrics::Job::skipped() { series_->skipped_runs.Increment(); }

Metrics SelfMetrics::describe() {
  SelfMetrics self{Instant()};
  const auto job = self.add_job("", "", {});
  job->started(Instant());
  job->succeeded(Instant(), {}, {});
  job->next_run(Instant());
  self.reloaded(true, Instant());
  self.reports_expected();
  self.report_written(Instant());
  self.scraped(200);
  return self.metrics();
}

void SelfMetrics::Job::next_run(Instant at) { series_->timestamp(series_->families.next_run, at); }

void SelfMetrics::Job::stale(bool stale) { series_->stale.Set(stale ? 1 : 0); }

}  // namespace usage
