#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/facts/feature_facts.h"
#include "collectors/facts/id_map.h"

namespace usage {

// What the users table says about a user today. Exclusions apply to all of history.
struct UserAttributes {
  bool known = false;  // is in the users table
  bool excluded = false;
  bool eligible = true;
  std::optional<Instant> created_at, deleted_at;
  std::optional<std::uint32_t> team, account;  // in Population::teams and accounts
  bool operator==(const UserAttributes&) const = default;
};

struct Population {
  bool has_users_table = false;            // without one, everyone seen is the population
  std::vector<UserAttributes> attributes;  // by UserId; users beyond its end are unknown
  IdMap teams, accounts;
  IdSet excluded() const;
  // The users who count in a window that ends at `end`: eligible, not excluded, not deleted before
  // `end`, and in the users table if there is one.
  IdSet eligible(Instant end) const;
};

// Who was active in the product, by bucket, as the activity tables say. Uses of features make
// people active too; EvaluationContext::active() adds them.
class Activity {
 public:
  explicit Activity(Duration bucket_width) : width_(bucket_width) {}
  // Replaces the buckets of the interval; those not in `fresh` become empty. Returns how many users
  // appeared in a bucket or vanished from one.
  std::uint64_t replace(const Interval& interval, std::map<Instant, IdSet> fresh);
  IdSet users(const Interval& interval) const;  // thread-safe among readers
  const std::map<Instant, IdSet>& buckets() const { return buckets_; }
  void restore(std::map<Instant, IdSet> buckets);
  void forget(UserId user);
  Duration bucket_width() const { return width_; }

 private:
  Duration width_;
  std::map<Instant, IdSet> buckets_;  // without empty ones
  DayCache<IdSet> days_{4096};
};

// Everything that measures are computed from. Guarded by the mutex of its owner. All parts have the
// same bucket width.
struct Facts {
  Duration bucket_width = std::chrono::hours(1);
  IdMap users;
  IdMap artifacts;  // of all features: what they make for others to open
  Population population;
  Activity activity{std::chrono::hours(1)};
  std::map<std::string, FeatureFacts> features;
  // Rows that are no uses: tickets, ratings, links and who opened them. Their names have a slash,
  // which a feature's cannot have.
  std::map<std::string, FeatureFacts> auxiliary_tables;

  // `features` or `auxiliary_tables`, as the name says.
  std::map<std::string, FeatureFacts>& tables(const std::string& name);
  const std::map<std::string, FeatureFacts>& tables(const std::string& name) const;
  FeatureFacts& table(const std::string& name) { return tables(name).at(name); }
  void for_each_table(const std::function<void(const std::string& name, FeatureFacts&)>& visit);
  // The map of what the table counts: users or artifacts.
  IdMap& id_map_for(const FeatureShape& shape) { return shape.of_artifacts ? artifacts : users; }
};

}  // namespace usage
