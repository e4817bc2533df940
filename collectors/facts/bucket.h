#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/facts/id_map.h"
#include "collectors/facts/per_user_counts.h"
#include "exporter/base/clock.h"

namespace usage {

// What the rows of a feature have, as configured. A value.
struct FeatureShape {
  std::string name;
  std::vector<std::string> reasons;  // failures by reason; any other reason counts as "other"
  std::vector<std::string> dimensions;
  bool has_users = false;
  bool has_outcome = false;
  bool has_scope = false;
  bool of_artifacts = false;            // Fact::user is an artifact (Facts::artifacts)
  std::vector<double> duration_bounds;  // seconds; empty: no durations
  std::vector<double> size_bounds;      // bytes; empty: no sizes
  bool operator==(const FeatureShape&) const = default;
};

// A row of a usage table. Its views are valid as long as the row.
struct Fact {
  Instant time;
  std::optional<IdMap::Key> user;
  bool success = true;
  std::string_view reason;                       // of a failure; empty: unknown
  std::span<const std::string_view> dimensions;  // parallel to shape.dimensions; "" for NULL
  std::optional<std::string_view> scope;
  std::optional<double> duration_seconds, size_bytes;
};

// A histogram: counts by inclusive upper bound, not cumulative; the last is beyond every bound.
// Ignores values that are not finite.
struct Distribution {
  std::vector<std::uint64_t> counts;
  double sum = 0;
  void add(double value, const std::vector<double>& bounds);
  void merge(const Distribution& other);
  void round();  // rounds the sum to ten digits, so that it does not depend on the order of adding
  std::uint64_t count() const;
  void serialize(std::string& out) const;  // appends
  void take(std::string_view& bytes);      // from the front; as many counts as `counts` has
  bool operator==(const Distribution&) const = default;
};

// Dense numbers of a feature's dimension values and scopes. Users have an IdMap of their own,
// shared by all features. A dimension has up to kMaxValues values; further ones become kOverflow.
struct FeatureNames {
  static constexpr std::uint32_t kMaxValues = 1000;
  static constexpr std::uint32_t kOverflow = 0xffffffff;
  std::vector<IdMap> dimensions;  // parallel to shape.dimensions
  IdMap scopes;

  explicit FeatureNames(const FeatureShape& shape = {}) : dimensions(shape.dimensions.size()) {}
  std::uint32_t value(std::size_t dimension, std::string_view text);  // adds it, up to kMaxValues
};

// The facts of one feature in one bucket of time. Each dimension is counted by itself: there is no
// cross product. Only successes are uses; sizes, durations, dimensions and scopes are those of
// successes. A value.
struct Bucket {
  PerUserCounts uses;
  PerUserCounts failures;
  std::vector<std::uint64_t> failures_by_reason;  // parallel to shape.reasons, then other
  std::vector<std::map<std::uint32_t, PerUserCounts>> dimensions;  // per dimension: value → counts
  IdSet scopes;
  Distribution duration, size;

  explicit Bucket(const FeatureShape& shape = {});
  // Adds new users and names to the maps.
  void add(const Fact& fact, const FeatureShape& shape, IdMap& users, FeatureNames& names);
  void merge(const Bucket& other);
  void compact();            // call once its rows are complete; see PerUserCounts
  void pack_users();         // call when its rows are probably complete
  void forget(UserId user);  // keeps their rows, as rows without a user
  std::uint64_t rows() const { return uses.total() + failures.total(); }
  std::size_t memory_bytes() const;

  std::string serialize() const;
  static Bucket parse(std::string_view bytes, const FeatureShape& shape);  // Error(data)
  // The same without `uses`, which parse_rest() takes.
  std::string serialize_rest() const;
  static Bucket parse_rest(PerUserCounts uses, std::string_view bytes, const FeatureShape& shape);
  bool operator==(const Bucket&) const = default;
};

}  // namespace usage
