#include "collectors/facts/id_set.h"

#include <roaring/roaring.h>

#include <new>
#include <utility>

#include "collectors/facts/codec.h"

namespace usage {

namespace {

roaring_bitmap_t* checked(roaring_bitmap_t* bitmap) {
  if (bitmap == nullptr) {
    throw std::bad_alloc();
  }
  return bitmap;
}

roaring_bitmap_t* copy_of(const roaring_bitmap_t* bitmap) {
  return bitmap == nullptr ? nullptr : checked(roaring_bitmap_copy(bitmap));
}

}  // namespace

void IdSet::Free::operator()(roaring_bitmap_s* bitmap) const noexcept {
  roaring_bitmap_free(bitmap);
}

IdSet::IdSet() = default;
IdSet::IdSet(const IdSet& other) : bitmap_(copy_of(other.bitmap_.get())) {}
IdSet::IdSet(IdSet&& other) noexcept = default;
IdSet& IdSet::operator=(const IdSet& other) {
  if (this != &other) {
    bitmap_.reset(copy_of(other.bitmap_.get()));
  }
  return *this;
}
IdSet& IdSet::operator=(IdSet&& other) noexcept = default;
IdSet::~IdSet() = default;

IdSet IdSet::of(std::span<const UserId> ids) {
  IdSet set;
  if (!ids.empty()) {
    set.bitmap_.reset(checked(roaring_bitmap_of_ptr(ids.size(), ids.data())));
  }
  return set;
}

bool IdSet::add(UserId id) {
  if (bitmap_ == nullptr) {
    bitmap_.reset(checked(roaring_bitmap_create()));
  }
  return roaring_bitmap_add_checked(bitmap_.get(), id);
}

void IdSet::remove(UserId id) {
  if (bitmap_ != nullptr) {
    roaring_bitmap_remove(bitmap_.get(), id);
  }
}

bool IdSet::contains(UserId id) const {
  return bitmap_ != nullptr && roaring_bitmap_contains(bitmap_.get(), id);
}

std::uint64_t IdSet::size() const {
  return bitmap_ == nullptr ? 0 : roaring_bitmap_get_cardinality(bitmap_.get());
}

bool IdSet::empty() const { return bitmap_ == nullptr || roaring_bitmap_is_empty(bitmap_.get()); }

IdSet& IdSet::operator|=(const IdSet& other) {
  if (bitmap_ == nullptr) {
    *this = other;
  } else if (other.bitmap_ != nullptr) {
    roaring_bitmap_or_inplace(bitmap_.get(), other.bitmap_.get());
  }
  return *this;
}

IdSet& IdSet::operator&=(const IdSet& other) {
  if (other.bitmap_ == nullptr) {
    bitmap_.reset();
  } else if (bitmap_ != nullptr) {
    roaring_bitmap_and_inplace(bitmap_.get(), other.bitmap_.get());
  }
  return *this;
}

IdSet& IdSet::operator-=(const IdSet& other) {
  if (this == &other) {
    bitmap_.reset();
  } else if (bitmap_ != nullptr && other.bitmap_ != nullptr) {
    roaring_bitmap_andnot_inplace(bitmap_.get(), other.bitmap_.get());
  }
  return *this;
}

IdSet& IdSet::operator^=(const IdSet& other) {
  if (this == &other) {
    bitmap_.reset();
  } else if (bitmap_ == nullptr) {
    *this = other;
  } else if (other.bitmap_ != nullptr) {
    roaring_bitmap_xor_inplace(bitmap_.get(), other.bitmap_.get());
  }
  return *this;
}

bool IdSet::operator==(const IdSet& other) const {
  if (bitmap_ == nullptr || other.bitmap_ == nullptr) {
    return empty() && other.empty();
  }
  return roaring_bitmap_equals(bitmap_.get(), other.bitmap_.get());
}

void IdSet::for_each(const std::function<void(UserId)>& visit) const {
  for (const UserId id : ids()) {
    visit(id);
  }
}

std::vector<UserId> IdSet::ids() const {
  std::vector<UserId> all(size());
  if (!all.empty()) {
    roaring_bitmap_to_uint32_array(bitmap_.get(), all.data());
  }
  return all;
}

std::string IdSet::serialize() const {
  std::string out;
  codec::put_set(out, *this);
  return out;
}

IdSet IdSet::parse(std::string_view bytes) {
  IdSet set = codec::take_set(bytes);
  if (!bytes.empty()) {
    codec::damaged();
  }
  return set;
}

void IdSet::compact() {
  if (empty()) {
    bitmap_.reset();
  } else {
    roaring_bitmap_run_optimize(bitmap_.get());
    roaring_bitmap_shrink_to_fit(bitmap_.get());
  }
}

std::size_t IdSet::memory_bytes() const {
  if (bitmap_ == nullptr) {
    return sizeof *this;
  }
  // A container is a header and its data, each in an allocation of its own.
  constexpr std::size_t kPerContainer = 64;
  const roaring_array_t& array = bitmap_->high_low_container;
  return sizeof *this + sizeof *bitmap_ + roaring_bitmap_portable_size_in_bytes(bitmap_.get()) +
         kPerContainer * static_cast<std::size_t>(array.size);
}

std::uint64_t common(const IdSet& a, const IdSet& b) {
  if (a.bitmap_ == nullptr || b.bitmap_ == nullptr) {
    return 0;
  }
  return roaring_bitmap_and_cardinality(a.bitmap_.get(), b.bitmap_.get());
}

}  // namespace usage
