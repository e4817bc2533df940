#pragma once

#include <vector>

#include "exporter/base/clock.h"
#include "exporter/http/http_server.h"
#include "exporter/pages/page_links.h"
#include "exporter/scheduling/job_status.h"

namespace usage {

// GET /: what this is, and the state of every collector on every source, in the order given.
HttpResponse landing_page(const std::vector<JobStatus>& jobs, Instant now, const PageLinks& links);

}  // namespace usage
