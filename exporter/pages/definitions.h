#pragma once

#include <set>
#include <string>
#include <vector>

#include "exporter/exposition/metric.h"
#include "exporter/http/http_server.h"
#include "exporter/pages/page_links.h"

namespace usage {

// The families of one MetricProvider.
struct DefinitionGroup {
  std::string id, title, about;
  Metrics families;
  std::set<std::string> absent;  // names of families that are not on the page now
};

// GET /definitions: every series with its meaning; each name is an anchor of its own.
HttpResponse definitions_page(const std::vector<DefinitionGroup>& groups, const PageLinks& links);

}  // namespace usage
