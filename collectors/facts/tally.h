#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/facts/user_set.h"

namespace usage {

// How often something happened, and who did it: enough to leave any set of users out afterwards.
// A value.
class Tally {
 public:
  void add(std::optional<UserId> user, std::uint64_t times = 1);
  void merge(const Tally& other);

  std::uint64_t total() const;  // rows without a user too
  std::uint64_t total_without(const UserSet& excluded) const;
  std::uint64_t unattributed() const { return unattributed_; }
  const UserSet& users() const { return users_; }
  std::uint64_t times(UserId user) const;
  bool empty() const { return users_.empty() && unattributed_ == 0; }

  void compact();
  std::size_t memory_bytes() const;
  void serialize(std::string& out) const;       // appends
  static Tally parse(std::string_view& bytes);  // takes from the front; Error(data)
  bool operator==(const Tally&) const = default;

 private:
  UserSet users_;
  std::vector<std::pair<UserId, std::uint64_t>> repeats_;  // times beyond the first; sorted
  std::uint64_t unattributed_ = 0;
};

}  // namespace usage
