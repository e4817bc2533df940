#pragma once

#include <string>

namespace usage {

// Links of the navigation that depend on flags and config.
struct PageLinks {
  std::string telemetry_path;
  bool has_features = false;  // then there are /targets and /report
};

}  // namespace usage
