#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "exporter/base/clock.h"
#include "exporter/base/error.h"
#include "exporter/exposition/metric.h"

namespace usage {

// The exporter's view of itself (docs/METRICS.md lists the series). prometheus-cpp keeps the
// numbers; metrics() hands them to the page. Thread-safe.
class SelfMetrics {
 public:
  class Job;

  // `started` becomes process_start_time_seconds and the _created of the counters.
  explicit SelfMetrics(Instant started);
  ~SelfMetrics();

  // Adds the series of one collector on one source. All exist from the start, but timestamps of
  // events that have not happened yet. They are removed with the last handle: during a reload the
  // old job and the new one share them, so that counters go on.
  std::shared_ptr<Job> add_job(const std::string& collector, const std::string& source,
                               Duration stale_after);

  void scraped(int status_code);
  void reloaded(bool success, Instant now);

  // Series about weekly reports in a folder; they exist from reports_expected() on.
  void reports_expected();
  void report_written(Instant now);
  void report_failed();

  // Everything, with process_* read from /proc now.
  Metrics metrics() const;

  // Every family that metrics() can have. Ignore their samples.
  static Metrics describe();

 private:
  friend class Job;
  struct State;
  std::shared_ptr<State> state_;
};

// Written by the job's thread only.
class SelfMetrics::Job {
 public:
  struct Result {
    std::uint64_t rows = 0;
    std::size_t series = 0;
    std::uint64_t skipped_rows = 0, merged_rows = 0, dropped_series = 0;
  };

  ~Job();
  void started(Instant now);
  void succeeded(Instant now, Duration took, const Result& result);
  void failed(Duration took, Reason reason);
  void skipped();  // a run was due while the last one was still going
  void next_run(Instant at);
  void stale(bool stale);  // the series were taken off the page

 private:
  friend class SelfMetrics;
  struct Series;
  explicit Job(std::shared_ptr<Series> series);
  std::shared_ptr<Series> series_;
};

}  // namespace usage
