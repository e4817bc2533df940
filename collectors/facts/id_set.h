#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct roaring_bitmap_s;  // NOLINT(readability-identifier-naming): as CRoaring calls it

namespace usage {

using UserId = std::uint32_t;  // dense, from an IdMap

// An exact set of dense numbers (users, scopes), as a Roaring bitmap. A value: copies are
// independent. Several threads may read it, but not beside a writer.
class IdSet {
 public:
  IdSet();
  IdSet(const IdSet& other);
  IdSet(IdSet&& other) noexcept;
  IdSet& operator=(const IdSet& other);
  IdSet& operator=(IdSet&& other) noexcept;
  ~IdSet();
  static IdSet of(std::span<const UserId> ids);  // in any order

  bool add(UserId id);  // true if it is new
  void remove(UserId id);
  bool contains(UserId id) const;
  std::uint64_t size() const;
  bool empty() const;

  IdSet& operator|=(const IdSet& other);
  IdSet& operator&=(const IdSet& other);
  IdSet& operator-=(const IdSet& other);
  IdSet& operator^=(const IdSet& other);
  friend IdSet operator|(IdSet a, const IdSet& b) { return a |= b; }
  friend IdSet operator&(IdSet a, const IdSet& b) { return a &= b; }
  friend IdSet operator-(IdSet a, const IdSet& b) { return a -= b; }
  friend std::uint64_t common(const IdSet& a, const IdSet& b);
  bool operator==(const IdSet& other) const;

  // In ascending order.
  void for_each(const std::function<void(UserId)>& visit) const;
  std::vector<UserId> ids() const;

  // As codec.h writes it. parse() throws Error(data) unless the bytes are exactly one set.
  std::string serialize() const;
  static IdSet parse(std::string_view bytes);

  void compact();  // packs runs and frees slack; call it once the set is complete
  std::size_t memory_bytes() const;

 private:
  struct Free {
    void operator()(roaring_bitmap_s* bitmap) const noexcept;
  };
  std::unique_ptr<roaring_bitmap_s, Free> bitmap_;  // null: empty
};

// |a ∩ b| without building the intersection.
std::uint64_t common(const IdSet& a, const IdSet& b);

}  // namespace usage
