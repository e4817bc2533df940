#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "collectors/collector.h"
#include "exporter/config.h"
#include "exporter/job_status.h"
#include "exporter/log.h"
#include "exporter/publisher.h"
#include "exporter/self_metrics.h"

namespace usage {

// What every job works with. All outlive the jobs.
struct Services {
  const Clock& clock;
  Log& log;
  Publisher& publisher;
  SelfMetrics& self;
};

// One collector on one source. Owns what is the same for every kind: the deadline, timing, checks
// of the result, publishing, expiry, the status and one warning a failure.
class Job {
 public:
  Job(const CollectorConfig& config, const SourceConfig& source,
      std::unique_ptr<Collector> collector, const Services& services);

  // Collects and publishes. A failure leaves the page as it is until stale_after has passed.
  // The lane's thread; never throws. False when the run failed.
  bool run() noexcept;

  // Any thread.
  void skipped();
  void set_next_run(Instant at);
  void expire();  // takes the series off the page once they are stale
  void drop();    // takes everything off the page
  JobStatus status() const;

  // Takes over the freshness of the same job of an earlier config whose series are on the page.
  void inherit(const Job& earlier);

  const Publisher::Key& key() const { return key_; }
  const Schedule& schedule() const { return config_.schedule; }
  Metrics describe() const { return collector_->describe(); }
  Deadline deadline() const;
  Collector& collector() { return *collector_; }

 private:
  bool collect() noexcept;
  void succeed(const Collection& collection, std::size_t series, Duration took);
  void fail(Reason reason, const std::string& message, Duration took);

  const CollectorConfig config_;
  const Duration timeout_;
  const Publisher::Key key_;
  const Publisher::Key health_key_;
  const std::unique_ptr<Collector> collector_;
  const Services services_;
  const std::shared_ptr<SelfMetrics::Job> self_;

  mutable std::mutex mutex_;  // guards what follows
  JobStatus status_;
  std::optional<SteadyInstant> expires_;  // set while series are on the page
};

}  // namespace usage
