#pragma once

#include <vector>

#include "collectors/measures/targets/target_status.h"
#include "exporter/base/clock.h"
#include "exporter/http/http_server.h"
#include "exporter/pages/page_links.h"
#include "exporter/scheduling/job_status.h"

namespace usage {

// GET /targets: the status of each target, the most urgent first. `jobs` are those that the numbers
// come from: the page says when one of them is not healthy. `board` is null until the tables were
// read once.
HttpResponse targets_page(const TargetBoard* board, const std::vector<JobStatus>& jobs, Instant now,
                          const PageLinks& links);

}  // namespace usage
