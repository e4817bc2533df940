#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/facts/id_set.h"

namespace usage {

// How often something happened and who did it, so that any users can be left out afterwards. A
// value; copies share parts. Additions are sorted in lazily, so until compact() even reading
// belongs to one thread.
class PerUserCounts {
 public:
  void add(std::optional<UserId> user, std::uint64_t times = 1);
  void merge(const PerUserCounts& other);

  std::uint64_t total() const { return total_; }  // rows without a user included
  std::uint64_t total_without(const IdSet& excluded) const;
  std::uint64_t unattributed() const { return unattributed_; }
  const IdSet& users() const;
  std::uint64_t times(UserId user) const;
  IdSet once() const;  // the users who did it once only
  bool empty() const { return total_ == 0; }

  void forget(UserId user);  // keeps their rows, as rows without a user

  void compact();
  std::size_t memory_bytes() const;
  // Appends. If `among` is given and holds all users, writes them by their rank in it, which saves
  // most of the bytes; parse() needs the same set.
  void serialize(std::string& out, const IdSet* among = nullptr) const;
  // Takes from the front; Error(data).
  static PerUserCounts parse(std::string_view& bytes, const IdSet* among = nullptr);
  bool operator==(const PerUserCounts& other) const;

 private:
  // Counts are kept by binary digit: digits[k] holds the users whose count less one has bit k. So
  // sums and exclusions are a few set operations, however many users there are.
  struct Counts {
    IdSet users;
    std::vector<IdSet> digits;  // the last one is not empty
    void add(const Counts& other);
    std::uint64_t times(UserId user) const;
    std::uint64_t total_without(const IdSet& excluded) const;
    std::uint64_t total() const { return total_without({}); }
    bool operator==(const Counts&) const = default;
  };
  using Part = std::shared_ptr<const Counts>;
  static Counts counts_of(std::vector<UserId>& ids);

  void settle() const;  // sorts pending_ in
  Part whole() const;   // all parts as one

  std::uint64_t total_ = 0;
  std::uint64_t unattributed_ = 0;
  // The sum of these: the counts of a month share those of its days.
  mutable std::vector<Part> parts_;
  mutable IdSet union_;  // the users of all parts, if there are several
  mutable std::vector<UserId> pending_;
  mutable bool compact_ = false;
};

}  // namespace usage
