#include "collectors/facts/usage_summary.h"

namespace usage {

UsageSummary::UsageSummary(const Bucket& sum, const IdSet& excluded)
    : uses(sum.uses.total_without(excluded)),
      failures(sum.failures.total_without(excluded)),
      dimensions(sum.dimensions.size()),
      scopes(sum.scopes) {
  for (std::size_t d = 0; d < dimensions.size(); ++d) {
    for (const auto& [value, tally] : sum.dimensions[d]) {
      dimensions[d][value] = {tally.total_without(excluded), tally.users()};
    }
  }
}

void UsageSummary::merge(const UsageSummary& other) {
  uses += other.uses;
  failures += other.failures;
  for (std::size_t d = 0; d < other.dimensions.size(); ++d) {
    for (const auto& [value, more] : other.dimensions[d]) {
      Value& sum = dimensions[d][value];
      sum.uses += more.uses;
      sum.users |= more.users;
    }
  }
  scopes |= other.scopes;
}

void UsageSummary::compact() {
  for (auto& values : dimensions) {
    for (auto& [value, held] : values) held.users.compact();
  }
  scopes.compact();
}

std::size_t UsageSummary::memory_bytes() const {
  constexpr std::size_t kTreeNode = 48;  // of std::map, beside what it holds
  std::size_t bytes = sizeof *this + scopes.memory_bytes();
  for (const auto& values : dimensions) {
    for (const auto& [value, held] : values) {
      bytes += kTreeNode + sizeof held.uses + held.users.memory_bytes();
    }
  }
  return bytes;
}

std::shared_ptr<const SummaryCache::Held> SummaryCache::of(const IdSet& excluded) const {
  const std::lock_guard lock(mutex_);
  if (held_ == nullptr || held_->excluded != excluded) {
    held_ = std::make_shared<Held>();
    held_->excluded = excluded;
  }
  return held_;
}

void SummaryCache::drop(Instant instant) {
  const std::lock_guard lock(mutex_);
  if (held_ != nullptr) {
    held_->days.drop(instant);
    held_->ends.drop(instant);
    held_->pieces.drop_around(instant);
  }
}

void SummaryCache::clear() {
  const std::lock_guard lock(mutex_);
  held_.reset();
}

std::size_t SummaryCache::memory_bytes() const {
  const std::lock_guard lock(mutex_);
  return held_ == nullptr ? 0
                          : held_->excluded.memory_bytes() + held_->days.memory_bytes() +
                                held_->ends.memory_bytes() + held_->pieces.memory_bytes();
}

}  // namespace usage
