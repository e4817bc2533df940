#pragma once

#include "exporter/cli/verbs/verb.h"

namespace usage {

// Says what a measure or a target means and how its numbers came about.
VerbRun add_explain(CLI::App& app);

}  // namespace usage
