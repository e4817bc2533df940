#pragma once

#include <span>
#include <vector>

#include "collectors/facts/id_set.h"

namespace usage {

// Returns which cells of a breakdown to hide:
// 1. those about 1 to k−1 people (zero people is no secret);
// 2. if there are any, further ones until at least two are hidden and together hold k people,
//    because the total would reveal a single hidden one: the smallest first, empty cells last.
std::vector<bool> hidden_cells(std::span<const IdSet> cells, std::uint64_t k);

}  // namespace usage
