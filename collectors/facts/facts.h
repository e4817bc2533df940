#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/facts/feature_facts.h"
#include "collectors/facts/id_map.h"

namespace usage {

// What the users table says of one user today; exclusions apply to all of history.
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
  std::vector<UserAttributes> attributes;  // by UserId; shorter than the directory: unknown
  IdMap teams, accounts;
  IdSet excluded() const;
  // Those with attributes.eligible that count in a window ending at `end`: not excluded, not
  // deleted before `end`, and in the users table if there is one.
  IdSet eligible(Instant end) const;
};

// Who was active in the product when, by bucket. A feature's successful uses are not in here: they
// make their users active too, which is added where it is asked.
class Activity {
 public:
  explicit Activity(Duration bucket_width) : width_(bucket_width) {}
  // Buckets of the interval that are not in `fresh` become empty. Returns how many users appeared
  // in a bucket or vanished from one.
  std::uint64_t replace(const Interval& interval, std::map<Instant, IdSet> fresh);
  IdSet users(const Interval& interval) const;  // thread-safe among readers
  const std::map<Instant, IdSet>& buckets() const { return buckets_; }
  void restore(std::map<Instant, IdSet> buckets);
  void forget(UserId user);
  Duration bucket_width() const { return width_; }

 private:
  Duration width_;
  std::map<Instant, IdSet> buckets_;  // no empty ones
  DayCache<IdSet> days_{4096};
};

// Everything the measures know. Owned by the usage plan and guarded by its mutex. Its parts have
// one bucket width.
struct Facts {
  Duration bucket_width = std::chrono::hours(1);
  IdMap users;
  IdMap artifacts;  // what features make for others to open, of all features
  Population population;
  Activity activity{std::chrono::hours(1)};
  std::map<std::string, FeatureFacts> features;
  // Folded like features, but nobody's uses: tickets, ratings, links and who opened them. Their
  // names have a slash, which a feature's cannot have.
  std::map<std::string, FeatureFacts> auxiliary_tables;

  // Of features or of records, as the name says.
  std::map<std::string, FeatureFacts>& tables(const std::string& name);
  const std::map<std::string, FeatureFacts>& tables(const std::string& name) const;
  FeatureFacts& table(const std::string& name) { return tables(name).at(name); }
  void for_each_table(const std::function<void(const std::string& name, FeatureFacts&)>& visit);
  // What the table's tallies count: users, or artifacts.
  IdMap& id_map_for(const FeatureShape& shape) { return shape.of_artifacts ? artifacts : users; }
};

}  // namespace usage
