# Sources written at build time: the version with the commit, and the demo's config as a string.
set(generated_sources)

set(USAGE_REVISION "" CACHE STRING "The commit, where there is no git checkout to ask")
set(revision unknown)
find_package(Git QUIET)
if(USAGE_REVISION)
  set(revision ${USAGE_REVISION})
elseif(GIT_FOUND)
  execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse --short=12 HEAD
                  WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} OUTPUT_VARIABLE head
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(revision ${head})
  endif()
endif()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/version.cc @ONLY CONTENT [[
#include "exporter/version.h"

namespace usage {
const char* const kVersion = "@PROJECT_VERSION@";
const char* const kRevision = "@revision@";
}  // namespace usage
]])
list(APPEND generated_sources ${CMAKE_BINARY_DIR}/generated/version.cc)
