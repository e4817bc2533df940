#pragma once

#include "exporter/cli/verbs/verb.h"

namespace usage {

// Prints one week's report.
VerbRun add_report(CLI::App& app);

}  // namespace usage
