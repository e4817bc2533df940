#pragma once

#include <span>
#include <vector>

#include "collectors/facts/id_set.h"

namespace usage {

// Which cells of a breakdown must not be shown: those about one to k−1 people and, because the
// total would give a single hidden one back, further ones until at least two are hidden and these
// hold k people together; the smallest first, empty cells last. Zero people is no secret.
std::vector<bool> hidden_cells(std::span<const IdSet> cells, std::uint64_t k);

}  // namespace usage
