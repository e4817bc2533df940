#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// What is done with texts everywhere. Letters are those of ASCII, whatever the locale.
namespace usage {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text);

// True if the texts are equal but for the case of letters.
bool iequals(std::string_view a, std::string_view b);

// The text without blanks, tabs and line ends around it.
std::string_view trim(std::string_view text);

// The number that the whole text is, in the C locale; nullopt for anything else and for what
// `Number` cannot hold. Floating point includes "nan" and "inf".
template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, value);
  return failed == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

// 64-bit FNV-1a: stable between builds and libraries, as std::hash is not.
std::uint64_t fnv1a(std::string_view text);

// The paths that a shell's pattern matches, in byte order. Empty if there are none or the folder
// cannot be read.
std::vector<std::string> glob_paths(const std::string& pattern);

}  // namespace usage
