#include "collectors/measures/context/combined_begin.h"

#include <algorithm>

namespace usage {

std::optional<Instant> combined_begin(
    const Combination& combination,
    const std::function<std::optional<Instant>(const std::string& feature)>& begin_of) {
  std::optional<Instant> begin;
  for (const std::string& member : combination.features) {
    const std::optional<Instant> of_member = begin_of(member);
    if (!of_member && combination.all) return std::nullopt;
    if (!of_member) continue;
    begin = !begin            ? of_member
            : combination.all ? std::max(begin, of_member)
                              : std::min(begin, of_member);
  }
  return begin;
}

}  // namespace usage
