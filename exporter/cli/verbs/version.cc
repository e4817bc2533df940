#include "exporter/cli/verbs/version.h"

#include <cstdio>

#include "exporter/base/format.h"
#include "exporter/base/version.h"
#include "exporter/cli/verbs/flags.h"

namespace usage {

std::string version_text() {
  return fmt::format("usage_exporter {} (revision {})", kVersion, kRevision);
}

VerbRun add_version(CLI::App&) {
  return [] {
    std::puts(version_text().c_str());
    return 0;
  };
}

}  // namespace usage
