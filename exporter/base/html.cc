#include "exporter/base/html.h"

namespace usage {

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string breakable_html(std::string_view text) {
  std::string out;
  for (const char c : escape_html(text)) {
    out += c;
    if (c == '_') {
      out += "<wbr>";
    }
  }
  return out;
}

}  // namespace usage
