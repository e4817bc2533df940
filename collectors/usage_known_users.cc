#include "collectors/usage_known_users.h"

#include <limits>

namespace usage {

namespace {

constexpr std::uint32_t kFactor = 0x9e3779b1;  // 2^32 by the golden ratio: spreads what is in a row

}  // namespace

KnownUsers::KnownUsers(bool many) : entries_(many ? kLines * kLine : 0) {}

std::optional<std::uint32_t> KnownUsers::number_of(const Value& cell) const {
  const auto* const number = std::get_if<std::int64_t>(&cell);
  if (entries_.empty() || number == nullptr || *number < 0 ||
      *number > std::numeric_limits<std::uint32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(*number);
}

std::size_t KnownUsers::line_of(std::uint32_t number) {
  static_assert(kLines == 1U << 14);
  return static_cast<std::size_t>(number * kFactor >> (32 - 14)) * kLine;
}

void KnownUsers::expect(const Value& cell) const {
  if (const auto number = number_of(cell)) {
    __builtin_prefetch(&entries_[line_of(*number)]);
  }
}

std::optional<UserId> KnownUsers::find(const Value& cell) const {
  const auto number = number_of(cell);
  if (!number) {
    return std::nullopt;
  }
  const Entry* const line = &entries_[line_of(*number)];
  for (std::size_t i = 0; i < kLine; ++i) {
    if (line[i].number == *number && line[i].id != kNobody) {
      return line[i].id;
    }
  }
  return std::nullopt;
}

void KnownUsers::keep(const Value& cell, UserId id) {
  const auto number = number_of(cell);
  if (!number) {
    return;
  }
  Entry* const line = &entries_[line_of(*number)];
  std::size_t place = id % kLine;  // where all are taken, any will do
  for (std::size_t i = 0; i < kLine && line[place].id != kNobody; ++i) {
    place = (place + 1) % kLine;
  }
  line[place] = {*number, id};
}

}  // namespace usage
