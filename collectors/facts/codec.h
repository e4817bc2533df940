#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/facts/user_set.h"

// How facts are written down. Every take_ takes from the front and throws Error(data) for bytes
// that no put_ wrote; it never reads beyond them, whatever they are.
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

// The number of members, then the distances from one to the next: a byte a member for the usual
// density. Within a set that holds them all: by rank, or a bit for each member of that set,
// whichever is shorter.
void put_set(std::string& out, const UserSet& set);
UserSet take_set(std::string_view& bytes);
void put_subset(std::string& out, const UserSet& set, const UserSet& among);
UserSet take_subset(std::string_view& bytes, const UserSet& among);

[[noreturn]] void damaged();  // throws the Error(data)

}  // namespace usage::codec
