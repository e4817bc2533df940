#include "exporter/base/json_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace usage {

std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void append_json_string(std::string& out, std::string_view text) {
  const auto special = [](char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
  };
  if (std::none_of(text.begin(), text.end(), special)) {
    out.append(1, '"').append(text).append(1, '"');
  } else {
    out += json_string(text);
  }
}

}  // namespace usage
