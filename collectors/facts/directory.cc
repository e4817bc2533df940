#include "collectors/facts/directory.h"

#include <algorithm>
#include <functional>

namespace usage {

namespace {

std::uint32_t hash_of(std::string_view text) {
  const std::uint64_t hash = std::hash<std::string_view>{}(text);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

}  // namespace

std::size_t Directory::slot_of(std::string_view text, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.id == kFree || (slot.hash == hash && texts_[slot.id] == text)) {
      return i;
    }
  }
}

void Directory::rebuild(std::size_t slots) {
  slots_.assign(slots, Slot{});
  for (std::uint32_t id = 0; id < size(); ++id) {
    if (!forgotten(id)) {
      const std::uint32_t hash = hash_of(texts_[id]);
      slots_[slot_of(texts_[id], hash)] = {hash, id};
    }
  }
}

std::uint32_t Directory::id_of(std::string_view text) {
  constexpr std::size_t kFirstSlots = 16;
  if (2 * texts_.size() >= slots_.size()) {
    rebuild(std::max(kFirstSlots, 2 * slots_.size()));
  }
  const std::uint32_t hash = hash_of(text);
  Slot& slot = slots_[slot_of(text, hash)];
  if (slot.id == kFree) {
    const std::uint32_t id = size();
    texts_.emplace_back(text);
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
  forgotten_.insert(std::upper_bound(forgotten_.begin(), forgotten_.end(), id), id);
  std::string& text = texts_[id];
  std::fill(text.begin(), text.end(), '\0');  // the freed memory must not hold it either
  text = std::string();
  rebuild(slots_.size());
}

bool Directory::forgotten(std::uint32_t id) const {
  return std::binary_search(forgotten_.begin(), forgotten_.end(), id);
}

std::uint32_t Directory::add_forgotten() {
  const std::uint32_t id = size();
  texts_.emplace_back();
  forgotten_.push_back(id);
  return id;
}

std::size_t Directory::memory_bytes() const {
  std::size_t bytes = slots_.capacity() * sizeof(Slot) + texts_.size() * sizeof(std::string) +
                      forgotten_.capacity() * sizeof(std::uint32_t);
  const std::size_t inside = std::string().capacity();
  for (const std::string& text : texts_) {
    bytes += text.capacity() > inside ? text.capacity() + 1 : 0;
  }
  return bytes;
}

}  // namespace usage
