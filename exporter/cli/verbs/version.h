#pragma once

#include "exporter/cli/verbs/verb.h"

namespace usage {

// Prints the version.
VerbRun add_version(CLI::App& app);

// "usage_exporter 1.2.3 (revision abcdef0)"
std::string version_text();

}  // namespace usage
