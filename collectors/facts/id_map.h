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
class IdMap {
 public:
  // What is looked for. Where it is a text, that outlives the key.
  class Key {
   public:
    Key(std::string_view text);  // NOLINT(google-explicit-constructor)
    Key(const std::string& text) : Key(std::string_view(text)) {}  // NOLINT
    Key(const char* text) : Key(std::string_view(text)) {}         // NOLINT
    explicit Key(std::uint32_t number);                            // its decimal text
    std::string text() const;

   private:
    friend class IdMap;
    std::string_view text_;  // of what is no number
    std::uint32_t number_ = 0;
    std::uint32_t hash_ = 0;  // of a number: of that number alone, no other has it
    bool is_number_ = false;
  };

  std::uint32_t id_of(const Key& key);  // adds it if it is new
  std::optional<std::uint32_t> find(const Key& key) const;
  // Soon looked for: memory is slow, and many rows have it fetched beside each other.
  void prefetch(const Key& key) const;
  std::string_view text(std::uint32_t id) const;  // valid until the next text is added
  std::uint32_t size() const { return static_cast<std::uint32_t>(ends_.size()); }

  // The number stays taken, its text becomes "" and is found no more; id_of() gives the same text a
  // new number.
  void forget(std::uint32_t id);
  bool forgotten(std::uint32_t id) const;
  std::uint32_t add_forgotten();  // as restoring needs it

  std::size_t memory_bytes() const;

 private:
  static constexpr std::uint32_t kFree = 0x7fffffff;
  // A hash table with linear probing, at most four fifths full.
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t id : 31 = kFree;
    std::uint32_t number : 1 = 0;
    Slot() = default;
    Slot(const Key& key, std::uint32_t text)
        : hash(key.hash_), id(text & kFree), number(key.is_number_) {}
  };
  std::string_view held(std::uint32_t id) const;  // zeros for a forgotten text
  void append(std::string_view text);
  std::size_t slot_of(const Key& key) const;  // its own, or a free one
  void rebuild(std::size_t slots);

  std::string bytes_;                // all texts, one after the other
  std::vector<std::uint64_t> ends_;  // of each in bytes_
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> forgotten_;  // sorted
};

}  // namespace usage
