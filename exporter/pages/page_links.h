#pragma once

#include <string>

namespace usage {

// What every page links to beside the pages that there always are.
struct PageLinks {
  std::string telemetry_path;
  bool has_features = false;  // then there are /targets and /report
};

}  // namespace usage
