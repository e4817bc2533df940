#include "collectors/facts/codec.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "exporter/error.h"

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

void damaged() {
  throw Error(Reason::data, "stored facts are damaged: they are not what this program wrote");
}

void put_number(std::string& out, std::uint64_t number) {
  while (number >= 0x80) {
    out += static_cast<char>((number & 0x7f) | 0x80);
    number >>= 7;
  }
  out += static_cast<char>(number);
}

std::uint64_t take_number(std::string_view& bytes) {
  std::uint64_t number = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    const std::uint64_t digits = byte & 0x7fU;
    if (shift == 63 && digits > 1) {
      break;
    }
    number |= digits << shift;
    if ((byte & 0x80U) == 0) {
      return number;
    }
  }
  damaged();
}

void put_numbers(std::string& out, const std::vector<std::uint64_t>& numbers) {
  for (const std::uint64_t number : numbers) {
    put_number(out, number);
  }
}

void take_numbers(std::string_view& bytes, std::vector<std::uint64_t>& numbers) {
  for (std::uint64_t& number : numbers) {
    number = take_number(bytes);
  }
}

void put_double(std::string& out, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  for (int shift = 0; shift < 64; shift += 8) {
    out += static_cast<char>((bits >> shift) & 0xffU);
  }
}

double take_double(std::string_view& bytes) {
  if (bytes.size() < 8) {
    damaged();
  }
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    bits |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  bytes.remove_prefix(8);
  return std::bit_cast<double>(bits);
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out += text;
}

std::string_view take_text(std::string_view& bytes) {
  const std::uint64_t size = take_number(bytes);
  if (size > bytes.size()) {
    damaged();
  }
  const std::string_view text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return text;
}

void put_set(std::string& out, const UserSet& set) { put_ascending(out, set.ids()); }

UserSet take_set(std::string_view& bytes) { return UserSet::of(take_ascending(bytes)); }

void put_subset(std::string& out, const UserSet& set, const UserSet& among) {
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

UserSet take_subset(std::string_view& bytes, const UserSet& among) {
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
  return UserSet::of(ids);
}

}  // namespace usage::codec
