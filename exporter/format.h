#pragma once

#include <fmt/format.h>

namespace usage {

// The project's one way to put text together: GCC 12 has no std::format.
using fmt::format;

}  // namespace usage
