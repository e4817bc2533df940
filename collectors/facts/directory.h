#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace usage {

// External text (a user's id, a dimension's value, a scope) → dense number from 0, in order of
// first sight. Numbers are never given twice. Integers are written in decimal, so that 7 and "7"
// are the same user. Not thread-safe.
class Directory {
 public:
  std::uint32_t id_of(std::string_view text);  // adds it if it is new
  std::optional<std::uint32_t> find(std::string_view text) const;
  std::string_view text(std::uint32_t id) const;  // valid until the next text is added
  std::uint32_t size() const { return static_cast<std::uint32_t>(ends_.size()); }

  // The number stays taken, its text becomes "" and is found no more; id_of() gives the same text a
  // new number.
  void forget(std::uint32_t id);
  bool forgotten(std::uint32_t id) const;
  std::uint32_t add_forgotten();  // as restoring needs it

  std::size_t memory_bytes() const;

 private:
  // What a text is found by. A number's hash is of that number alone: no other text has it.
  struct Key {
    std::uint32_t hash = 0;
    bool number = false;
  };
  static constexpr std::uint32_t kFree = 0x7fffffff;
  // A hash table with linear probing, at most four fifths full.
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t id : 31 = kFree;
    std::uint32_t number : 1 = 0;
    Slot() = default;
    Slot(Key key, std::uint32_t text) : hash(key.hash), id(text & kFree), number(key.number) {}
  };
  static Key key_of(std::string_view text);

  std::string_view held(std::uint32_t id) const;  // zeros for a forgotten text
  void append(std::string_view text);
  std::size_t slot_of(std::string_view text, Key key) const;  // its own, or a free one
  void rebuild(std::size_t slots);

  std::string bytes_;                // all texts, one after the other
  std::vector<std::uint64_t> ends_;  // of each in bytes_
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> forgotten_;  // sorted
};

}  // namespace usage
