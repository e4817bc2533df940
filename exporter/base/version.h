#pragma once

namespace usage {

// Written at build time from CMake's project version and the checked-out commit ("unknown" outside
// a git checkout).
extern const char* const kVersion;
extern const char* const kRevision;

}  // namespace usage
