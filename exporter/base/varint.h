#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The bytes of numbers and texts, for what is kept compact. Every take_ takes from the front,
// throws Error(data) for bytes that no put_ wrote, and never reads beyond them.
namespace usage::codec {

// Seven bits a byte, the lowest first.
void put_number(std::string& out, std::uint64_t number);
std::uint64_t take_number(std::string_view& bytes);

// Nothing says how many: the reader's vector does.
void put_numbers(std::string& out, const std::vector<std::uint64_t>& numbers);
void take_numbers(std::string_view& bytes, std::vector<std::uint64_t>& numbers);

void put_double(std::string& out, double value);
double take_double(std::string_view& bytes);

void put_text(std::string& out, std::string_view text);
std::string_view take_text(std::string_view& bytes);

[[noreturn]] void damaged();  // throws the Error(data)

}  // namespace usage::codec
