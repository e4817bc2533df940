#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "collectors/facts/user_set.h"
#include "collectors/sources/source.h"

namespace usage {

// Which users the numbers in an id column stand for, as far as one reading has met them: looking
// into the directory for every row of a long one would wait for memory each time. One thread.
class KnownUsers {
 public:
  // Without `many` it knows nobody: it is not worth its memory.
  explicit KnownUsers(bool many);

  // The cell will be asked for soon.
  void expect(const Value& cell) const;
  std::optional<UserId> find(const Value& cell) const;
  void keep(const Value& cell, UserId id);

 private:
  // Eight of them lie in one line of the processor's cache, and are searched together.
  struct Entry {
    std::uint32_t number = 0;
    UserId id = kNobody;
  };
  static constexpr UserId kNobody = 0xffffffff;
  static constexpr std::size_t kLine = 8, kLines = 1U << 14;

  std::optional<std::uint32_t> number_of(const Value& cell) const;
  static std::size_t line_of(std::uint32_t number);

  std::vector<Entry> entries_;
};

}  // namespace usage
