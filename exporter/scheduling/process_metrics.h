#pragma once

#include "exporter/base/clock.h"
#include "exporter/exposition/metric.h"

namespace usage {

// process_* of this process, read from the system now, by the names every Prometheus client uses.
// Leaves out values that the system does not give. Any thread.
Metrics process_metrics(Instant started);

}  // namespace usage
