#include "tests/support/source_path.h"

namespace usage {

std::string source_path(const std::string& relative) { return SOURCE_DIR "/" + relative; }

}  // namespace usage
