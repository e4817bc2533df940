#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace usage {

// A text of JSON that is being made: keys stay in the order in which they are added. Include this
// in .cc files alone: it takes long to compile.
using JsonDocument = nlohmann::ordered_json;

// Null for nothing. Whole numbers have no point: 12, not 12.0; all are the shortest that are read
// back as the same.
JsonDocument json_number(std::optional<double> number);

// On one line, without blanks. What is not UTF-8 is replaced, here and below.
std::string json_line(const JsonDocument& document);

// A member or an item a line, indented by two blanks. Objects for which `on_one_line` says so are
// written on one line with all that is in them.
std::string json_lines(const JsonDocument& document,
                       bool (*on_one_line)(const JsonDocument& object));

}  // namespace usage
