#pragma once

#include "exporter/cli/verbs/verb.h"

namespace usage {

// Removes a user's id from the folder of the state.
VerbRun add_forget(CLI::App& app);

}  // namespace usage
