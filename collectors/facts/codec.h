#pragma once

#include <string>
#include <string_view>

#include "collectors/facts/id_set.h"
#include "exporter/base/varint.h"

// The bytes of sets of ids, under the rules of varint.h.
namespace usage::codec {

// The number of members, then the distances from one to the next: a byte a member for the usual
// density. Within a set that holds them all: by rank, or a bit for each member of that set,
// whichever is shorter.
void put_set(std::string& out, const IdSet& set);
IdSet take_set(std::string_view& bytes);
void put_subset(std::string& out, const IdSet& set, const IdSet& among);
IdSet take_subset(std::string_view& bytes, const IdSet& among);

}  // namespace usage::codec
