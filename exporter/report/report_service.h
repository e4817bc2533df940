#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "collectors/report/report.h"
#include "collectors/usage/usage_state.h"
#include "exporter/base/log.h"
#include "exporter/http/http_server.h"
#include "exporter/report/report_forms.h"
#include "exporter/scheduling/self_metrics.h"

namespace usage {

// Where the report of every week goes as a file; an empty path: nowhere.
struct ReportFolder {
  std::string path;
  std::vector<const ReportForm*> forms;
};

// The weekly reports, from the facts that the process has. That of the last complete week is made
// when the week has ended, before anybody asks; others when they are asked for. The lock of the
// facts is held for one week's numbers at a time, so that no refresh waits for a whole report.
class Reports {
 public:
  // The log and the metrics outlive it. Makes the folder; Error(io) where it cannot be written to.
  Reports(std::shared_ptr<UsageState> state, ReportFolder folder, SelfMetrics& self, Log& log);

  // Makes and writes what is due at `now`: nothing most of the time. Whoever serves calls it every
  // second or so, one thread at a time. A week is due when every table was read past its end; a
  // file when it is not there and no later week's is. So a restart writes nothing twice, and what
  // ended while the process was down is made up for.
  void tick(Instant now);

  // What is being made is given up after the week at hand, and nothing more is. Any thread.
  void stop() { stopping_ = true; }

  // GET /report: the last complete week; /report/2026-W47; `?format=` the name of a form. 404 for
  // what is no week, is not over or is older than what is kept; 503 until the tables were read
  // once. Any thread.
  HttpResponse get(const HttpRequest& request, Instant now);

 private:
  struct Made {
    Instant at;
    bool settled = false;  // every table had been read past the week's end
    std::vector<std::shared_ptr<const std::string>> texts;  // parallel to report_forms()
  };
  using Config = std::shared_ptr<const UsageConfig>;

  Config config() const;                 // under mutex_ alone
  Config adopt();                        // what the facts fit now; forgets what was made of others
  bool is_settled(const IsoWeek& week);  // takes the lock of the facts
  std::shared_ptr<const Made> kept(const IsoWeek& week, Instant now, Duration fresh) const;
  // Of this config; nullptr when it is not that of the facts any more, or after stop().
  std::shared_ptr<const Made> make(const Config& config, const IsoWeek& week, Instant now,
                                   Duration fresh);
  std::optional<IsoWeek> newest_file(const ReportForm& form) const;
  void write_due(const Config& config, const IsoWeek& last, Instant now);

  const std::shared_ptr<UsageState> state_;
  const ReportFolder folder_;
  SelfMetrics& self_;
  Log& log_;
  std::atomic<bool> stopping_ = false;
  std::mutex making_;               // readers in a row cost one evaluation
  std::optional<IsoWeek> written_;  // by tick() alone: up to here nothing is missing
  std::optional<Instant> retry_;    // by tick() alone: after a file could not be written
  std::string complaint_;           // by tick() alone: said already

  mutable std::mutex mutex_;  // guards what follows
  Config config_;
  std::map<IsoWeek, std::shared_ptr<const Made>> made_;
};

}  // namespace usage
