#pragma once

namespace usage {

// The command line: picks the verb from one table, reads its flags, runs it. Returns the exit code:
// 0 done, 1 failed (bad config, a collection that failed, cannot listen), 2 wrong usage.
int run_command(int argc, char** argv);

}  // namespace usage
