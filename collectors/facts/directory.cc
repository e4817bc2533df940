#include "collectors/facts/directory.h"

#include <algorithm>
#include <functional>
#include <span>

namespace usage {

namespace {

std::uint32_t hash_of(std::string_view text) {
  const std::uint64_t hash = std::hash<std::string_view>{}(text);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

// What is freed must not hold a text that may be forgotten later.
void wipe(std::span<char> bytes) { std::ranges::fill(bytes, '\0'); }

}  // namespace

std::string_view Directory::held(std::uint32_t id) const {
  const std::uint64_t start = id == 0 ? 0 : ends_[id - 1];
  return std::string_view(bytes_).substr(start, ends_[id] - start);
}

std::string_view Directory::text(std::uint32_t id) const {
  return forgotten(id) ? std::string_view() : held(id);
}

void Directory::append(std::string_view text) {
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

std::size_t Directory::slot_of(std::string_view text, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.id == kFree || (slot.hash == hash && held(slot.id) == text)) {
      return i;
    }
  }
}

void Directory::rebuild(std::size_t slots) {
  slots_.assign(slots, Slot{});
  for (std::uint32_t id = 0; id < size(); ++id) {
    if (!forgotten(id)) {
      const std::uint32_t hash = hash_of(held(id));
      slots_[slot_of(held(id), hash)] = {hash, id};
    }
  }
}

std::uint32_t Directory::id_of(std::string_view text) {
  constexpr std::size_t kFirstSlots = 16;
  if (2 * ends_.size() >= slots_.size()) {
    rebuild(std::max(kFirstSlots, 2 * slots_.size()));
  }
  const std::uint32_t hash = hash_of(text);
  Slot& slot = slots_[slot_of(text, hash)];
  if (slot.id == kFree) {
    const std::uint32_t id = size();
    append(text);
    slot = {hash, id};
  }
  return slot.id;
}

std::optional<std::uint32_t> Directory::find(std::string_view text) const {
  if (slots_.empty()) {
    return std::nullopt;
  }
  const Slot& slot = slots_[slot_of(text, hash_of(text))];
  return slot.id == kFree ? std::nullopt : std::optional(slot.id);
}

void Directory::forget(std::uint32_t id) {
  if (forgotten(id)) {
    return;
  }
  wipe(std::span(bytes_).subspan(id == 0 ? 0 : ends_[id - 1], held(id).size()));
  forgotten_.insert(std::upper_bound(forgotten_.begin(), forgotten_.end(), id), id);
  rebuild(slots_.size());
}

bool Directory::forgotten(std::uint32_t id) const {
  return std::binary_search(forgotten_.begin(), forgotten_.end(), id);
}

std::uint32_t Directory::add_forgotten() {
  const std::uint32_t id = size();
  ends_.push_back(bytes_.size());
  forgotten_.push_back(id);
  return id;
}

std::size_t Directory::memory_bytes() const {
  return slots_.capacity() * sizeof(Slot) + bytes_.capacity() +
         ends_.capacity() * sizeof(std::uint64_t) + forgotten_.capacity() * sizeof(std::uint32_t);
}

}  // namespace usage
