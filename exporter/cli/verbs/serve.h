#pragma once

#include "exporter/cli/verbs/verb.h"

namespace usage {

// Collects on schedule and serves the metrics until a signal ends it.
VerbRun add_serve(CLI::App& app);

}  // namespace usage
