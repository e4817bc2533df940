#include "collectors/facts/id_map.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <span>

namespace usage {

namespace {

// A number below 2^32 as id columns give it, without leading zeros.
std::optional<std::uint32_t> plain_number(std::string_view text) {
  constexpr std::size_t kMostDigits = 10;
  const bool zeros = text.size() > 1 && text.front() == '0';
  if (text.empty() || text.size() > kMostDigits || zeros) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    number = 10 * number + static_cast<std::uint64_t>(c - '0');
  }
  return number > std::numeric_limits<std::uint32_t>::max()
             ? std::nullopt
             : std::optional(static_cast<std::uint32_t>(number));
}

// A bijection (the finalizer of MurmurHash3).
std::uint32_t mixed(std::uint32_t number) {
  number = (number ^ number >> 16) * 0x85ebca6bU;
  number = (number ^ number >> 13) * 0xc2b2ae35U;
  return number ^ number >> 16;
}

// Overwrites memory before it is freed: it holds texts that may have to be forgotten.
void wipe(std::span<char> bytes) { std::ranges::fill(bytes, '\0'); }

}  // namespace

IdMap::Key::Key(std::uint32_t number) : number_(number), hash_(mixed(number)), is_number_(true) {}

IdMap::Key::Key(std::string_view text) {
  if (const auto number = plain_number(text)) {
    *this = Key(*number);
    return;
  }
  text_ = text;
  const std::uint64_t hash = std::hash<std::string_view>{}(text);
  hash_ = static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

std::string IdMap::Key::text() const {
  return is_number_ ? std::to_string(number_) : std::string(text_);
}

std::string_view IdMap::held(std::uint32_t id) const {
  const std::uint64_t start = id == 0 ? 0 : ends_[id - 1];
  return std::string_view(bytes_).substr(start, ends_[id] - start);
}

std::string_view IdMap::text(std::uint32_t id) const {
  return forgotten(id) ? std::string_view() : held(id);
}

void IdMap::append(std::string_view text) {
  if (bytes_.capacity() - bytes_.size() < text.size()) {
    std::string larger;
    larger.reserve(2 * (bytes_.size() + text.size()));
    larger += bytes_;
    bytes_.swap(larger);
    wipe(larger);
  }
  bytes_ += text;
  ends_.push_back(bytes_.size());
}

void IdMap::prefetch(const Key& key) const {
  if (!slots_.empty()) {
    __builtin_prefetch(&slots_[key.hash_ & (slots_.size() - 1)]);
  }
}

std::size_t IdMap::slot_of(const Key& key) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = key.hash_ & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    const bool same = slot.hash == key.hash_ && (slot.number != 0) == key.is_number_;
    if (slot.id == kFree || (same && (key.is_number_ || held(slot.id) == key.text_))) {
      return i;
    }
  }
}

void IdMap::rebuild(std::size_t slots) {
  slots_.assign(slots, Slot{});
  for (std::uint32_t id = 0; id < size(); ++id) {
    if (!forgotten(id)) {
      const Key key(held(id));
      slots_[slot_of(key)] = Slot(key, id);
    }
  }
}

std::uint32_t IdMap::id_of(const Key& key) {
  constexpr std::size_t kFirstSlots = 16;
  if (5 * ends_.size() >= 4 * slots_.size()) {
    rebuild(std::max(kFirstSlots, 2 * slots_.size()));
  }
  Slot& slot = slots_[slot_of(key)];
  if (slot.id == kFree) {
    const std::uint32_t id = size();
    append(key.text());
    slot = Slot(key, id);
  }
  return slot.id;
}

std::optional<std::uint32_t> IdMap::find(const Key& key) const {
  if (slots_.empty()) {
    return std::nullopt;
  }
  const Slot& slot = slots_[slot_of(key)];
  return slot.id == kFree ? std::nullopt : std::optional(slot.id);
}

void IdMap::forget(std::uint32_t id) {
  if (forgotten(id)) {
    return;
  }
  wipe(std::span(bytes_).subspan(id == 0 ? 0 : ends_[id - 1], held(id).size()));
  forgotten_.insert(std::upper_bound(forgotten_.begin(), forgotten_.end(), id), id);
  rebuild(slots_.size());
}

bool IdMap::forgotten(std::uint32_t id) const {
  return std::binary_search(forgotten_.begin(), forgotten_.end(), id);
}

std::uint32_t IdMap::add_forgotten() {
  const std::uint32_t id = size();
  ends_.push_back(bytes_.size());
  forgotten_.push_back(id);
  return id;
}

std::size_t IdMap::memory_bytes() const {
  return slots_.capacity() * sizeof(Slot) + bytes_.capacity() +
         ends_.capacity() * sizeof(std::uint64_t) + forgotten_.capacity() * sizeof(std::uint32_t);
}

}  // namespace usage
