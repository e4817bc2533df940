#include "collectors/facts/codec.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace usage::codec {

namespace {

enum class Subset : char { ranks, bits };

void put_ascending(std::string& out, const std::vector<UserId>& ids) {
  put_number(out, ids.size());
  UserId next = 0;
  for (const UserId id : ids) {
    put_number(out, id - next);
    next = id + 1;
  }
}

std::vector<UserId> take_ascending(std::string_view& bytes) {
  const std::uint64_t count = take_number(bytes);
  if (count > bytes.size()) {  // a member takes at least a byte
    damaged();
  }
  constexpr std::uint64_t kEnd = std::uint64_t{std::numeric_limits<UserId>::max()} + 1;
  std::vector<UserId> ids;
  ids.reserve(count);
  std::uint64_t next = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t distance = take_number(bytes);
    if (distance >= kEnd || next + distance >= kEnd) {
      damaged();
    }
    ids.push_back(static_cast<UserId>(next + distance));
    next += distance + 1;
  }
  return ids;
}

std::vector<UserId> ranks_of(const std::vector<UserId>& ids, const std::vector<UserId>& among) {
  std::vector<UserId> ranks;
  ranks.reserve(ids.size());
  UserId rank = 0;
  for (const UserId id : ids) {
    while (among[rank] != id) {
      ++rank;
    }
    ranks.push_back(rank);
  }
  return ranks;
}

std::size_t bytes_of_bits(std::size_t bits) { return (bits + 7) / 8; }

}  // namespace

void put_set(std::string& out, const IdSet& set) { put_ascending(out, set.ids()); }

IdSet take_set(std::string_view& bytes) { return IdSet::of(take_ascending(bytes)); }

void put_subset(std::string& out, const IdSet& set, const IdSet& among) {
  const std::vector<UserId> all = among.ids();
  const std::vector<UserId> ranks = ranks_of(set.ids(), all);
  if (ranks.size() < bytes_of_bits(all.size())) {
    out += static_cast<char>(Subset::ranks);
    put_ascending(out, ranks);
    return;
  }
  out += static_cast<char>(Subset::bits);
  const std::size_t start = out.size();
  out.resize(start + bytes_of_bits(all.size()));
  for (const UserId rank : ranks) {
    char& byte = out[start + rank / 8];
    byte = static_cast<char>(static_cast<unsigned char>(byte) | (1U << (rank % 8)));
  }
}

IdSet take_subset(std::string_view& bytes, const IdSet& among) {
  const std::vector<UserId> all = among.ids();
  std::vector<UserId> ids;
  if (bytes.empty()) {
    damaged();
  }
  const char form = bytes.front();
  bytes.remove_prefix(1);
  if (form == static_cast<char>(Subset::ranks)) {
    ids = take_ascending(bytes);
    if (!ids.empty() && ids.back() >= all.size()) {
      damaged();
    }
    for (UserId& id : ids) {
      id = all[id];
    }
  } else if (form == static_cast<char>(Subset::bits) && bytes.size() >= bytes_of_bits(all.size())) {
    for (std::size_t rank = 0; rank < all.size(); ++rank) {
      if ((static_cast<unsigned char>(bytes[rank / 8]) >> (rank % 8) & 1U) != 0) {
        ids.push_back(all[rank]);
      }
    }
    bytes.remove_prefix(bytes_of_bits(all.size()));
  } else {
    damaged();
  }
  return IdSet::of(ids);
}

}  // namespace usage::codec
