#pragma once

#include <fmt/format.h>

#include <string>

namespace usage {

// The project's one way to put text together: GCC 12 has no std::format.
using fmt::format;

// The shortest text that is read as the same number again, in the C locale: "0.1", "1e+05".
std::string shortest(double value);

}  // namespace usage
