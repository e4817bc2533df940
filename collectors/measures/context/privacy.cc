#include "collectors/measures/context/privacy.h"

#include <algorithm>
#include <utility>

namespace usage {

std::vector<bool> hidden_cells(std::span<const IdSet> cells, std::uint64_t k) {
  std::vector<bool> hidden(cells.size(), false);
  std::vector<std::size_t> shown;
  IdSet behind_hidden;
  std::size_t count = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].empty() || cells[i].size() >= k) {
      shown.push_back(i);
    } else {
      hidden[i] = true;
      behind_hidden |= cells[i];
      ++count;
    }
  }
  if (count == 0) return hidden;
  std::stable_sort(shown.begin(), shown.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(cells[a].empty(), cells[a].size()) <
           std::pair(cells[b].empty(), cells[b].size());
  });
  for (const std::size_t next : shown) {
    const bool enough = behind_hidden.size() >= k || cells[next].empty();
    if (count >= 2 && enough) break;
    hidden[next] = true;
    behind_hidden |= cells[next];
    ++count;
  }
  return hidden;
}

}  // namespace usage
