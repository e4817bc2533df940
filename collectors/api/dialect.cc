#include "collectors/api/dialect.h"

namespace usage {

std::string in_quotes(std::string_view name, char quote) {
  std::string quoted(1, quote);
  for (const char c : name) {
    quoted.append(c == quote ? 2 : 1, c);
  }
  return quoted + quote;
}

}  // namespace usage
