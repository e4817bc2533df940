#pragma once

#include "exporter/cli/verbs/verb.h"

namespace usage {

// Writes the numbers of the past as OpenMetrics with timestamps.
VerbRun add_backfill(CLI::App& app);

}  // namespace usage
