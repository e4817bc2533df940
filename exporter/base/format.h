#pragma once

#include <fmt/format.h>  // fmt::format, always qualified: std::format is found by argument

#include <cstddef>
#include <string>
#include <string_view>

namespace usage {

// The shortest text that is read as the same number again, in the C locale: "0.1", "1e+05".
std::string format_shortest(double value);

// The text in lines of at most 80 columns, broken at blanks; each begins with so many.
std::string wrap(std::string_view text, std::size_t indent);

}  // namespace usage
