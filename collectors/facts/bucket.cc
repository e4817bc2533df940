#include "collectors/facts/bucket.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "collectors/facts/codec.h"

namespace usage {

namespace {

void add_up(std::vector<std::uint64_t>& to, const std::vector<std::uint64_t>& from) {
  to.resize(std::max(to.size(), from.size()));
  for (std::size_t i = 0; i < from.size(); ++i) {
    to[i] += from[i];
  }
}

std::size_t cells(const std::vector<double>& bounds) {
  return bounds.empty() ? 0 : bounds.size() + 1;
}

std::size_t reason_of(const Fact& fact, const FeatureShape& shape) {
  const auto found = std::find(shape.reasons.begin(), shape.reasons.end(), fact.reason);
  return static_cast<std::size_t>(found - shape.reasons.begin());
}

// Removes the users of one single use, and of this value, from those that later values can have:
// that shortens the serialized form.
void take_from(IdSet& left, const PerUserCounts& tally, const IdSet& once) {
  left -= tally.users() & once;
}

}  // namespace

void Distribution::add(double value, const std::vector<double>& bounds) {
  if (bounds.empty() || !std::isfinite(value)) {
    return;
  }
  const auto bound = std::lower_bound(bounds.begin(), bounds.end(), value);
  ++counts[static_cast<std::size_t>(bound - bounds.begin())];
  sum += value;
}

void Distribution::merge(const Distribution& other) {
  add_up(counts, other.counts);
  sum += other.sum;
}

void Distribution::round() {
  constexpr int kBits = 36;
  int exponent = 0;
  const double fraction = std::frexp(sum, &exponent);
  sum = std::ldexp(std::nearbyint(std::ldexp(fraction, kBits)), exponent - kBits);
}

std::uint64_t Distribution::count() const {
  std::uint64_t total = 0;
  for (const std::uint64_t cell : counts) {
    total += cell;
  }
  return total;
}

void Distribution::serialize(std::string& out) const {
  if (!counts.empty()) {
    codec::put_numbers(out, counts);
    codec::put_double(out, sum);
  }
}

void Distribution::take(std::string_view& bytes) {
  if (!counts.empty()) {
    codec::take_numbers(bytes, counts);
    sum = codec::take_double(bytes);
  }
}

std::uint32_t FeatureNames::value(std::size_t dimension, std::string_view text) {
  IdMap& values = dimensions[dimension];
  if (values.size() < kMaxValues) {
    return values.id_of(text);
  }
  return values.find(text).value_or(kOverflow);
}

Bucket::Bucket(const FeatureShape& shape)
    : failures_by_reason(shape.reasons.size() + 1), dimensions(shape.dimensions.size()) {
  duration.counts.resize(cells(shape.duration_bounds));
  size.counts.resize(cells(shape.size_bounds));
}

void Bucket::add(const Fact& fact, const FeatureShape& shape, IdMap& users, FeatureNames& names) {
  std::optional<UserId> user;
  if (fact.user) {
    user = users.id_of(*fact.user);
  }
  if (!fact.success) {
    failures.add(user);
    ++failures_by_reason[reason_of(fact, shape)];
    return;
  }
  uses.add(user);
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    dimensions[i][names.value(i, fact.dimensions[i])].add(user);
  }
  if (fact.scope) {
    scopes.add(names.scopes.id_of(*fact.scope));
  }
  if (fact.duration_seconds) {
    duration.add(*fact.duration_seconds, shape.duration_bounds);
  }
  if (fact.size_bytes) {
    size.add(*fact.size_bytes, shape.size_bounds);
  }
}

void Bucket::merge(const Bucket& other) {
  uses.merge(other.uses);
  failures.merge(other.failures);
  add_up(failures_by_reason, other.failures_by_reason);
  dimensions.resize(std::max(dimensions.size(), other.dimensions.size()));
  for (std::size_t i = 0; i < other.dimensions.size(); ++i) {
    for (const auto& [value, tally] : other.dimensions[i]) {
      dimensions[i][value].merge(tally);
    }
  }
  scopes |= other.scopes;
  duration.merge(other.duration);
  size.merge(other.size);
}

void Bucket::pack_users() {
  uses.compact();
  failures.compact();
  for (auto& values : dimensions) {
    for (auto& [value, tally] : values) {
      tally.compact();
    }
  }
}

void Bucket::compact() {
  pack_users();
  scopes.compact();
  duration.round();
  size.round();
}

void Bucket::forget(UserId user) {
  uses.forget(user);
  failures.forget(user);
  for (auto& values : dimensions) {
    for (auto& [value, tally] : values) {
      tally.forget(user);
    }
  }
}

std::size_t Bucket::memory_bytes() const {
  constexpr std::size_t kTreeNode = 48;  // of std::map, beside what it holds
  const auto tally_bytes = [](const PerUserCounts& tally) {
    return tally.memory_bytes() - sizeof tally;
  };
  std::size_t bytes = sizeof *this + tally_bytes(uses) + tally_bytes(failures) +
                      scopes.memory_bytes() - sizeof scopes;
  const std::size_t numbers =
      failures_by_reason.capacity() + duration.counts.capacity() + size.counts.capacity();
  bytes += numbers * sizeof(std::uint64_t) +
           dimensions.capacity() * sizeof(decltype(dimensions)::value_type);
  for (const auto& values : dimensions) {
    for (const auto& [value, tally] : values) {
      bytes += kTreeNode + tally.memory_bytes();
    }
  }
  return bytes;
}

std::string Bucket::serialize() const {
  std::string out;
  uses.serialize(out);
  return out + serialize_rest();
}

Bucket Bucket::parse(std::string_view bytes, const FeatureShape& shape) {
  PerUserCounts uses = PerUserCounts::parse(bytes);
  return parse_rest(std::move(uses), bytes, shape);
}

std::string Bucket::serialize_rest() const {
  std::string out;
  failures.serialize(out);
  codec::put_numbers(out, failures_by_reason);
  const IdSet once = uses.once();
  for (const auto& values : dimensions) {
    codec::put_number(out, values.size());
    IdSet left = uses.users();
    for (const auto& [value, tally] : values) {
      codec::put_number(out, value);
      tally.serialize(out, &left);
      take_from(left, tally, once);
    }
  }
  codec::put_set(out, scopes);
  duration.serialize(out);
  size.serialize(out);
  return out;
}

Bucket Bucket::parse_rest(PerUserCounts uses, std::string_view bytes, const FeatureShape& shape) {
  Bucket bucket(shape);
  bucket.uses = std::move(uses);
  bucket.failures = PerUserCounts::parse(bytes);
  codec::take_numbers(bytes, bucket.failures_by_reason);
  const IdSet once = bucket.uses.once();
  for (auto& values : bucket.dimensions) {
    IdSet left = bucket.uses.users();
    const std::uint64_t count = codec::take_number(bytes);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t value = codec::take_number(bytes);
      if (value >= FeatureNames::kMaxValues && value != FeatureNames::kOverflow) {
        codec::damaged();
      }
      PerUserCounts tally = PerUserCounts::parse(bytes, &left);
      take_from(left, tally, once);
      if (!values.emplace(static_cast<std::uint32_t>(value), std::move(tally)).second) {
        codec::damaged();
      }
    }
  }
  bucket.scopes = codec::take_set(bytes);
  bucket.duration.take(bytes);
  bucket.size.take(bytes);
  if (!bytes.empty()) {
    codec::damaged();
  }
  return bucket;
}

}  // namespace usage
