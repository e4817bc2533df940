#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace usage {

// Maps external text (a user's id, a dimension's value, a scope) to dense numbers from 0, in order
// of first sight. Never reuses a number. Integers are written in decimal, so that 7 and "7" are the
// same user. Not thread-safe.
class IdMap {
 public:
  // The text or number to look up. A text must outlive its key.
  class Key {
   public:
    Key(std::string_view text);  // NOLINT(google-explicit-constructor)
    Key(const std::string& text) : Key(std::string_view(text)) {}  // NOLINT
    Key(const char* text) : Key(std::string_view(text)) {}         // NOLINT
    explicit Key(std::uint32_t number);                            // its decimal text
    std::string text() const;

   private:
    friend class IdMap;
    std::string_view text_;  // unless it is a number
    std::uint32_t number_ = 0;
    std::uint32_t hash_ = 0;  // numbers have unique hashes
    bool is_number_ = false;
  };

  std::uint32_t id_of(const Key& key);  // adds it if it is new
  std::optional<std::uint32_t> find(const Key& key) const;
  // Prefetches the slot of a key that is looked up soon, so that cache misses of several rows
  // overlap.
  void prefetch(const Key& key) const;
  std::string_view text(std::uint32_t id) const;  // valid until the next text is added
  std::uint32_t size() const { return static_cast<std::uint32_t>(ends_.size()); }

  // Erases the text of a number, which stays taken: text() returns "", find() does not find it, and
  // id_of() gives the same text a new number.
  void forget(std::uint32_t id);
  bool forgotten(std::uint32_t id) const;
  std::uint32_t add_forgotten();  // for restoring

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
  std::string_view held(std::uint32_t id) const;  // the stored bytes; zeros for a forgotten text
  void append(std::string_view text);
  std::size_t slot_of(const Key& key) const;  // that of the key, or a free one
  void rebuild(std::size_t slots);

  std::string bytes_;                // all texts, one after the other
  std::vector<std::uint64_t> ends_;  // of each in bytes_
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> forgotten_;  // sorted
};

}  // namespace usage
