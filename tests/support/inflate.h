#pragma once

#include <string>
#include <string_view>

namespace usage {

// Reads exactly one gzip member that ends with the text, as a browser does; throws
// std::runtime_error for anything else.
std::string inflate_gzip(std::string_view compressed);

}  // namespace usage
