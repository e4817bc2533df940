#pragma once

#include <string>
#include <string_view>

#include "collectors/facts/id_set.h"
#include "exporter/base/varint.h"

// Serializes sets of ids. Errors are those of varint.h.
namespace usage::codec {

// put_set: the number of members, then the distances from one to the next, mostly a byte each.
// put_subset: the members by their rank in `among`, which holds them all, or a bit for each member
// of `among`, whichever is shorter.
void put_set(std::string& out, const IdSet& set);
IdSet take_set(std::string_view& bytes);
void put_subset(std::string& out, const IdSet& set, const IdSet& among);
IdSet take_subset(std::string_view& bytes, const IdSet& among);

}  // namespace usage::codec
