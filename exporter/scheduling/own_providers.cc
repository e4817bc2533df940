#include "exporter/scheduling/own_providers.h"

#include <string>
#include <utility>

namespace usage {

namespace {

template <typename Part>
MetricProvider own(std::string id, std::string title, const Part* part) {
  MetricProvider provider{.id = std::move(id),
                          .title = std::move(title),
                          .about = "",
                          .subject = "a metric of the exporter itself",
                          .coherent = true,
                          .describe = Part::describe};
  if (part != nullptr) {
    provider.collect = [part] { return part->metrics(); };
  }
  return provider;
}

}  // namespace

Registry own_providers(const SelfMetrics* self, const IngestMetrics* ingest) {
  return {own("ingest", "Events over HTTP", ingest), own("exporter", "The exporter itself", self)};
}

}  // namespace usage
