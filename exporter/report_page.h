#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "collectors/report.h"
#include "collectors/usage_state.h"
#include "exporter/http_server.h"

namespace usage {

// GET /report and /report/2026-W47: the report of the last complete week, or of that one, from the
// facts that the process has; `?format=md` and `?format=json` for the other formats. Any thread.
class ReportPage {
 public:
  explicit ReportPage(std::shared_ptr<UsageState> state) : state_(std::move(state)) {}

  // `now` tells which weeks are over. 404 for what is no week, is not over or is older than what is
  // kept; 503 until the tables were read once.
  HttpResponse get(const HttpRequest& request, Instant now);

 private:
  struct Made {
    std::shared_ptr<const UsageConfig> config;
    Instant at;
    Report report;
  };
  const Report& report_of(const IsoWeek& week, const std::shared_ptr<const UsageConfig>& config,
                          Instant now);

  const std::shared_ptr<UsageState> state_;
  std::optional<Made> last_;  // guarded by the lock of the facts
};

}  // namespace usage
