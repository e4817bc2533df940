#pragma once

#include <string>

namespace usage {

// A file of the checkout that the tests were built from. A function, so that only one object file
// holds the checkout's path and a compiler cache serves every checkout.
std::string source_path(const std::string& relative);

}  // namespace usage
