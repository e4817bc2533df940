#include "exporter/base/format.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace usage {

std::string format_shortest(double value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string wrap(std::string_view text, std::size_t indent) {
  constexpr std::size_t kWidth = 80;
  std::string lines;
  while (!text.empty()) {
    std::size_t end = std::min(text.size(), kWidth - indent);
    if (end < text.size() && text[end] != ' ') {
      end = std::min(text.rfind(' ', end), end);
    }
    lines += std::string(indent, ' ') + std::string(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return lines;
}

}  // namespace usage
