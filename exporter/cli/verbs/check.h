#pragma once

#include "exporter/cli/verbs/verb.h"

namespace usage {

// Reads the config, and with flags also asks its sources and proves its rules.
VerbRun add_check(CLI::App& app);

}  // namespace usage
