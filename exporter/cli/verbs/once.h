#pragma once

#include "exporter/cli/verbs/verb.h"

namespace usage {

// Collects once and prints the page.
VerbRun add_once(CLI::App& app);

}  // namespace usage
