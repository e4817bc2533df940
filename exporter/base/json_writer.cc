#include "exporter/base/json_writer.h"

#include <cmath>
#include <cstdint>

namespace usage {

namespace {

// `indent`: of the line that the value stands on; nullopt: all of it goes on that line.
void append(const JsonDocument& value, bool (*on_one_line)(const JsonDocument&),
            std::optional<std::size_t> indent, std::string& out) {
  if (!value.is_structured() || value.empty()) {
    out += json_line(value);
    return;
  }
  if (value.is_object() && on_one_line(value)) {
    indent.reset();
  }
  const auto inner = indent ? std::optional(*indent + 2) : std::nullopt;
  out += value.is_object() ? '{' : '[';
  bool first = true;
  for (const auto& item : value.items()) {
    out += first ? "" : indent ? "," : ", ";
    first = false;
    if (inner) {
      out.append(1, '\n').append(*inner, ' ');
    }
    if (value.is_object()) {
      out += json_line(item.key()) + ": ";
    }
    append(item.value(), on_one_line, inner, out);
  }
  if (indent) {
    out.append(1, '\n').append(*indent, ' ');
  }
  out += value.is_object() ? '}' : ']';
}

}  // namespace

JsonDocument json_number(std::optional<double> number) {
  constexpr double kMostDigits = 1e16;  // longer ones are written with an exponent
  if (!number) {
    return nullptr;
  }
  if (*number == std::floor(*number) && std::abs(*number) < kMostDigits) {
    return static_cast<std::int64_t>(*number);
  }
  return *number;
}

std::string json_line(const JsonDocument& document) {
  return document.dump(-1, ' ', false, JsonDocument::error_handler_t::replace);
}

std::string json_lines(const JsonDocument& document,
                       bool (*on_one_line)(const JsonDocument& object)) {
  std::string text;
  append(document, on_one_line, 0, text);
  return text;
}

}  // namespace usage
