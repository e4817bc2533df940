#include "collectors/facts/per_user_counts.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "collectors/facts/codec.h"

namespace usage {

namespace {

// Sorting this many at once costs less than inserting each into a set.
constexpr std::size_t kMaxPending = 1 << 14;
constexpr std::size_t kMaxDigits = 40;  // more than any count needs; sums stay within 64 bits

// A radix sort by bytes, the lowest first: a few times faster than std::sort for thousands of dense
// numbers.
void sort_ids(std::vector<UserId>& ids) {
  constexpr std::size_t kFew = 64;
  if (ids.size() < kFew) {
    std::sort(ids.begin(), ids.end());
    return;
  }
  const UserId largest = *std::max_element(ids.begin(), ids.end());
  std::vector<UserId> sorted(ids.size());
  for (unsigned shift = 0; shift < 32 && largest >> shift != 0; shift += 8) {
    std::array<std::size_t, 257> place{};
    for (const UserId id : ids) {
      ++place[(id >> shift & 0xffU) + 1];
    }
    std::partial_sum(place.begin(), place.end(), place.begin());
    for (const UserId id : ids) {
      sorted[place[id >> shift & 0xffU]++] = id;
    }
    ids.swap(sorted);
  }
}

bool holds_all(const IdSet& among, const IdSet& set) { return common(among, set) == set.size(); }

}  // namespace

void PerUserCounts::Counts::add(const Counts& other) {
  IdSet carry = users & other.users;  // the first time of one side is now one beyond the first
  users |= other.users;
  for (std::size_t k = 0; !carry.empty() || k < other.digits.size(); ++k) {
    if (k == digits.size()) {
      digits.emplace_back();
    }
    IdSet& digit = digits[k];
    IdSet next;
    if (k < other.digits.size()) {
      next = digit & other.digits[k];
      digit ^= other.digits[k];
    }
    next |= digit & carry;
    digit ^= carry;
    carry = std::move(next);
  }
}

std::uint64_t PerUserCounts::Counts::times(UserId user) const {
  if (!users.contains(user)) {
    return 0;
  }
  std::uint64_t beyond = 0;
  for (std::size_t k = 0; k < digits.size(); ++k) {
    beyond |= std::uint64_t{digits[k].contains(user)} << k;
  }
  return 1 + beyond;
}

std::uint64_t PerUserCounts::Counts::total_without(const IdSet& excluded) const {
  std::uint64_t total = users.size() - common(users, excluded);
  for (std::size_t k = 0; k < digits.size(); ++k) {
    total += (digits[k].size() - common(digits[k], excluded)) << k;
  }
  return total;
}

PerUserCounts::Counts PerUserCounts::counts_of(std::vector<UserId>& ids) {
  sort_ids(ids);
  std::vector<UserId> users;
  users.reserve(ids.size());
  std::vector<std::vector<UserId>> digits;
  for (auto first = ids.begin(); first != ids.end();) {
    const UserId user = *first;
    const auto end = std::find_if(first, ids.end(), [user](UserId id) { return id != user; });
    users.push_back(user);
    auto beyond = static_cast<std::uint64_t>(end - first - 1);
    for (std::size_t k = 0; beyond != 0; ++k, beyond >>= 1) {
      if (k == digits.size()) {
        digits.emplace_back();
      }
      if ((beyond & 1U) != 0) {
        digits[k].push_back(user);
      }
    }
    first = end;
  }
  Counts counts{IdSet::of(users), {}};
  for (const auto& digit : digits) {
    counts.digits.push_back(IdSet::of(digit));
  }
  return counts;
}

void PerUserCounts::add(std::optional<UserId> user, std::uint64_t times) {
  total_ += times;
  if (!user) {
    unattributed_ += times;
    return;
  }
  if (times == 1) {
    pending_.push_back(*user);
    if (pending_.size() >= kMaxPending) {
      settle();
    }
  } else if (times > 1) {
    Counts one;
    one.users.add(*user);
    for (std::uint64_t beyond = times - 1; beyond != 0; beyond >>= 1) {
      one.digits.emplace_back();
      if ((beyond & 1U) != 0) {
        one.digits.back().add(*user);
      }
    }
    one.add(*whole());
    parts_ = {std::make_shared<const Counts>(std::move(one))};
    union_ = {};
    compact_ = false;
  }
}

void PerUserCounts::settle() const {
  if (pending_.empty()) {
    return;
  }
  Counts counts = counts_of(pending_);
  pending_.clear();
  for (const Part& part : parts_) {
    counts.add(*part);
  }
  parts_ = {std::make_shared<const Counts>(std::move(counts))};
  union_ = {};
  compact_ = false;
}

PerUserCounts::Part PerUserCounts::whole() const {
  settle();
  if (parts_.size() == 1) {
    return parts_.front();
  }
  auto sum = std::make_shared<Counts>();
  for (const Part& part : parts_) {
    sum->add(*part);
  }
  return sum;
}

void PerUserCounts::merge(const PerUserCounts& other) {
  if (this == &other) {
    merge(PerUserCounts(other));
    return;
  }
  settle();
  other.settle();
  total_ += other.total_;
  unattributed_ += other.unattributed_;
  if (other.parts_.empty()) {
    return;
  }
  if (parts_.empty()) {
    parts_ = other.parts_;
    union_ = other.union_;
    compact_ = other.compact_;
    return;
  }
  compact_ = false;
  if (parts_.size() == 1) {
    union_ = parts_.front()->users;
  }
  union_ |= other.users();
  parts_.insert(parts_.end(), other.parts_.begin(), other.parts_.end());
}

std::uint64_t PerUserCounts::total_without(const IdSet& excluded) const {
  settle();
  std::uint64_t total = unattributed_;
  for (const Part& part : parts_) {
    total += part->total_without(excluded);
  }
  return total;
}

const IdSet& PerUserCounts::users() const {
  settle();
  return parts_.size() == 1 ? parts_.front()->users : union_;
}

std::uint64_t PerUserCounts::times(UserId user) const {
  settle();
  std::uint64_t times = 0;
  for (const Part& part : parts_) {
    times += part->times(user);
  }
  return times;
}

IdSet PerUserCounts::once() const {
  const Part held = whole();
  IdSet set = held->users;
  for (const IdSet& digit : held->digits) {
    set -= digit;
  }
  return set;
}

void PerUserCounts::forget(UserId user) {
  const std::uint64_t theirs = times(user);
  if (theirs == 0) {
    return;
  }
  unattributed_ += theirs;
  Counts counts = *whole();
  counts.users.remove(user);
  for (IdSet& digit : counts.digits) {
    digit.remove(user);
  }
  while (!counts.digits.empty() && counts.digits.back().empty()) {
    counts.digits.pop_back();
  }
  parts_.clear();
  union_ = {};
  if (!counts.users.empty()) {
    parts_.push_back(std::make_shared<const Counts>(std::move(counts)));
  }
  compact_ = false;
  compact();
}

void PerUserCounts::compact() {
  settle();
  std::vector<UserId>().swap(pending_);
  if (parts_.empty() || compact_) {
    return;
  }
  Counts counts = *whole();
  counts.users.compact();
  for (IdSet& digit : counts.digits) {
    digit.compact();
  }
  counts.digits.shrink_to_fit();
  parts_ = {std::make_shared<const Counts>(std::move(counts))};
  parts_.shrink_to_fit();
  union_ = {};
  compact_ = true;
}

std::size_t PerUserCounts::memory_bytes() const {
  std::size_t bytes = sizeof *this + union_.memory_bytes() - sizeof union_ +
                      pending_.capacity() * sizeof(UserId) + parts_.capacity() * sizeof(Part);
  for (const Part& part : parts_) {
    bytes += sizeof(Counts) + part->users.memory_bytes();
    for (const IdSet& digit : part->digits) {
      bytes += digit.memory_bytes();
    }
  }
  return bytes;
}

void PerUserCounts::serialize(std::string& out, const IdSet* among) const {
  const Part held = whole();
  const Counts& counts = *held;
  codec::put_number(out, unattributed_);
  const bool by_rank = among != nullptr && holds_all(*among, counts.users);
  out += static_cast<char>(by_rank ? 1 : 0);
  if (by_rank) {
    codec::put_subset(out, counts.users, *among);
  } else {
    codec::put_set(out, counts.users);
  }
  codec::put_number(out, counts.digits.size());
  for (const IdSet& digit : counts.digits) {
    codec::put_subset(out, digit, counts.users);
  }
}

PerUserCounts PerUserCounts::parse(std::string_view& bytes, const IdSet* among) {
  PerUserCounts tally;
  tally.unattributed_ = codec::take_number(bytes);
  const std::uint64_t by_rank = codec::take_number(bytes);
  if (by_rank > 1 || (by_rank == 1 && among == nullptr)) {
    codec::damaged();
  }
  Counts counts;
  counts.users = by_rank == 1 ? codec::take_subset(bytes, *among) : codec::take_set(bytes);
  const std::uint64_t digits = codec::take_number(bytes);
  if (digits > kMaxDigits) {
    codec::damaged();
  }
  for (std::uint64_t k = 0; k < digits; ++k) {
    counts.digits.push_back(codec::take_subset(bytes, counts.users));
  }
  if (!counts.digits.empty() && counts.digits.back().empty()) {
    codec::damaged();
  }
  tally.total_ = tally.unattributed_ + counts.total();
  if (!counts.users.empty()) {
    tally.parts_.push_back(std::make_shared<const Counts>(std::move(counts)));
  }
  return tally;
}

bool PerUserCounts::operator==(const PerUserCounts& other) const {
  return total_ == other.total_ && unattributed_ == other.unattributed_ &&
         *whole() == *other.whole();
}

}  // namespace usage
