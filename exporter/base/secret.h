#pragma once

#include <string>
#include <utility>

namespace usage {

// Text that must not be printed. It has no operator<< and no format support on purpose; whoever
// needs the text says reveal() where it is handed to the library that needs it.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
};

}  // namespace usage
