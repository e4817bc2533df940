#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "collectors/api/collector.h"
#include "exporter/base/log.h"
#include "exporter/config/config.h"
#include "exporter/exposition/publisher.h"
#include "exporter/scheduling/job_status.h"
#include "exporter/scheduling/self_metrics.h"

namespace usage {

// Shared by all jobs, and outlive them.
struct Services {
  const Clock& clock;
  Log& log;
  Publisher& publisher;
  SelfMetrics& self;
};

// One collector on one source. Does for every kind the same: the deadline, timing, validation of
// the result, publishing, expiry, the status, and one warning per failure.
class Job {
 public:
  Job(const CollectorConfig& config, const SourceConfig& source,
      std::unique_ptr<Collector> collector, const Services& services);

  // Collects and publishes. A failure leaves the page as it is until stale_after has passed since
  // the last success.
  // The lane's thread; never throws. False when the run failed.
  bool run() noexcept;

  // True if the last run left rows unread, so that the next should not wait. The lane's thread.
  bool wants_more() const { return wants_more_; }

  // Any thread.
  void skipped();
  void set_next_run(Instant at);
  // Takes the series off the page once they are stale: while runs fail or are skipped.
  void expire();
  void drop();  // takes everything off the page
  JobStatus status() const;

  // Takes over the state of the same job of an earlier config, whose series are on the page.
  void adopt(const Job& earlier);

  // The next run of the inherited schedule; nullopt if the schedule changed or the earlier job was
  // interrupted in a run.
  std::optional<Instant> inherited_next_run() const { return inherited_next_run_; }

  // From now on a failed run counts as interrupted by the exporter itself and leaves no trace.
  void stopping();

  const Publisher::Key& key() const { return key_; }
  const Schedule& schedule() const { return config_.schedule; }
  // The config without its schedule, as text: equal for jobs whose series mean the same. Contains
  // the SQL, so compare it only.
  const std::string& meaning() const { return meaning_; }
  Deadline deadline() const;
  Collector& collector() { return *collector_; }

 private:
  bool collect() noexcept;
  void succeed(const Collection& collection, std::size_t series, Duration took);
  void fail(Reason reason, const std::string& message, Duration took);

  const CollectorConfig config_;
  const Duration timeout_;
  const Publisher::Key key_;
  const std::string meaning_;
  const Publisher::Key health_key_;
  const std::unique_ptr<Collector> collector_;
  const Services services_;
  const std::shared_ptr<SelfMetrics::Job> self_;

  bool wants_more_ = false;

  mutable std::mutex mutex_;  // guards what follows
  JobStatus status_;
  std::optional<SteadyInstant> expires_;  // set while series are on the page
  bool skipped_since_run_ = false;
  bool stopping_ = false;
  bool interrupted_ = false;  // a run was under way when the engine stopped
  std::optional<Instant> inherited_next_run_;
};

}  // namespace usage
