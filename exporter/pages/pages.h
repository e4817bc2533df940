#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collectors/measures/targets/target_status.h"
#include "exporter/base/clock.h"
#include "exporter/exposition/metric.h"
#include "exporter/http/http_server.h"
#include "exporter/scheduling/job_status.h"

// The exporter's own pages: HTML documents without scripts or outside resources, whose headers
// allow browsers nothing else. All of them are pure.
namespace usage {

// What every page links to beside the pages that there always are.
struct PageLinks {
  std::string telemetry_path;
  bool has_features = false;  // then there are /targets and /report
};

// GET /: what this is, and the state of every collector on every source, in the order given.
HttpResponse landing_page(const std::vector<JobStatus>& jobs, Instant now, const PageLinks& links);

// GET /targets: where each target stands, what needs a look first. `jobs` are those that the
// numbers come from: the page says when one of them is not healthy. No board: nothing could be told
// so far.
HttpResponse targets_page(const TargetBoard* board, const std::vector<JobStatus>& jobs, Instant now,
                          const PageLinks& links);

// The families of one collector, or of the exporter.
struct DefinitionGroup {
  std::string id, title, about;
  Metrics families;              // without samples
  std::set<std::string> absent;  // names of those that are not on the page now
};

// GET /definitions: every series with its meaning; each name is an anchor of its own.
HttpResponse definitions_page(const std::vector<DefinitionGroup>& groups, const PageLinks& links);

// GET /config: the text is Config::shown.
HttpResponse config_page(const std::string& path, const std::string& text, const PageLinks& links);

}  // namespace usage
