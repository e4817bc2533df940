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
#include "exporter/base/version.h"

namespace usage {
const char* const kVersion = "@PROJECT_VERSION@";
const char* const kRevision = "@revision@";
}  // namespace usage
]])
list(APPEND generated_sources ${CMAKE_BINARY_DIR}/generated/version.cc)

# Files that the binary carries, so that the demo runs from any directory.
set(embedded_definitions)
foreach(pair kDemoConfig:config/demo.yml kSqliteSchema:config/schema/demo.sqlite.sql
        kPostgresqlSchema:config/schema/demo.postgresql.sql)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 name)
  list(GET pair 1 file)
  file(READ ${CMAKE_CURRENT_SOURCE_DIR}/${file} text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  string(APPEND embedded_definitions "const char* const ${name} = R\"embedded(${text})embedded\";\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/embedded.cc @ONLY CONTENT [[
#include "exporter/demo/embedded.h"

namespace usage::demo {
@embedded_definitions@}  // namespace usage::demo
]])
list(APPEND generated_sources ${CMAKE_BINARY_DIR}/generated/embedded.cc)
