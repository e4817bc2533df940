#pragma once

#include "exporter/cli/verbs/verb.h"

namespace usage {

// Makes a demo database, and serves it.
VerbRun add_demo(CLI::App& app);

}  // namespace usage
