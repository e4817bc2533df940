#pragma once

#include <string>
#include <string_view>

namespace usage {

// The text as a JSON string, in quotes. What is not UTF-8 in it is replaced.
std::string json_string(std::string_view text);

// Appends a text that is UTF-8 as a JSON string, in quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace usage
