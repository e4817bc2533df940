#pragma once

#include "exporter/cli/verbs/verb.h"

namespace usage {

// Fetches a URL of a running exporter.
VerbRun add_probe(CLI::App& app);

}  // namespace usage
