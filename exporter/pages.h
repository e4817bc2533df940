#pragma once

#include <string>
#include <vector>

#include "exporter/clock.h"
#include "exporter/http_server.h"
#include "exporter/job_status.h"

namespace usage {

// GET /: what this is, where the metrics are, and the state of every collector on every source, in
// the order given. One HTML document without scripts or outside resources; its headers allow
// browsers nothing else. `telemetry_path` is where the metrics are served; `has_report`: there
// is a GET /report.
HttpResponse landing_page(const std::vector<JobStatus>& jobs, Instant now,
                          const std::string& telemetry_path, bool has_report);

}  // namespace usage
