#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace usage {

// The project's one way to put text together: GCC 12 has no std::format.
using fmt::format;

// The shortest text that is read as the same number again, in the C locale: "0.1", "1e+05".
std::string shortest(double value);

// The text in lines of at most 80 columns, broken at blanks; each begins with so many.
std::string wrapped(std::string_view text, std::size_t indent);

}  // namespace usage
