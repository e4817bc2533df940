#pragma once

#include "exporter/exposition/registry.h"
#include "exporter/ingest/ingest_metrics.h"
#include "exporter/scheduling/self_metrics.h"

namespace usage {

// What a process publishes beside the series of its collectors: one row each part. Both outlive the
// providers; without them, these can be described only.
Registry own_providers(const SelfMetrics* self = nullptr, const IngestMetrics* ingest = nullptr);

}  // namespace usage
