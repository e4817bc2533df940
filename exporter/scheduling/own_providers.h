#pragma once

#include "exporter/exposition/registry.h"
#include "exporter/ingest/ingest_metrics.h"
#include "exporter/scheduling/self_metrics.h"

namespace usage {

// The parts of the exporter that publish families of their own; a new part is one row. Both
// arguments outlive the providers; without them, the providers have no collect().
Registry own_providers(const SelfMetrics* self = nullptr, const IngestMetrics* ingest = nullptr);

}  // namespace usage
