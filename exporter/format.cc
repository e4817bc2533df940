#include "exporter/format.h"

#include <array>
#include <charconv>

namespace usage {

std::string shortest(double value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

}  // namespace usage
