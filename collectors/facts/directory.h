#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace usage {

// External text (a user's id, a dimension's value, a scope) → dense number from 0, in order of
// first sight. Numbers are never given twice. Integers are written in decimal, so that 7 and "7"
// are the same user. Not thread-safe.
class Directory {
 public:
  std::uint32_t id_of(std::string_view text);  // adds it if it is new
  std::optional<std::uint32_t> find(std::string_view text) const;
  const std::string& text(std::uint32_t id) const;
  std::uint32_t size() const { return static_cast<std::uint32_t>(texts_.size()); }

 private:
  std::deque<std::string> texts_;  // a deque: the keys below point into it
  std::unordered_map<std::string_view, std::uint32_t> ids_;
};

}  // namespace usage
