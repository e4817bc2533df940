#pragma once

#include <any>
#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "collectors/facts/facts.h"
#include "collectors/measures/context/usage_rules.h"

namespace usage {

class TargetHistory;  // targets/target_history.h

// Names a value that an EvaluationContext computes once and several measures share. Its address is
// its identity: declare one constant for each kind of value. The key is mostly the feature, or ""
// for a value of the product.
template <typename Value, typename Key = std::string>
struct Memo {
  constexpr Memo() = default;
  Memo(const Memo&) = delete;
  Memo& operator=(const Memo&) = delete;
};

// Facts, rules and an instant: every measure is a pure function of these. Remembers sums that
// several measures need. For one thread. Facts and rules must outlive it; references that it
// returns are valid as long as it lives.
class EvaluationContext {
 public:
  EvaluationContext(const Facts& facts, const UsageRules& rules, Instant at, bool live);

  const Facts& facts() const { return facts_; }
  const UsageRules& rules() const { return rules_; }
  bool live() const { return live_; }
  Instant at() const { return at_; }    // rounded down to a bucket edge unless live
  Instant end() const { return end_; }  // where every rolling window ends

  // Target evaluations of earlier instants; nullptr if nothing is remembered.
  TargetHistory* target_history() const { return target_history_; }
  void remember(TargetHistory& history) { target_history_ = &history; }

  const FeatureFacts& feature(const std::string& name) const;        // or an auxiliary table
  const FeatureRules& feature_rules(const std::string& name) const;  // the defaults if none
  // Nullptr if the name is not a combination's.
  const Combination* combination(const std::string& name) const;
  // When a feature can first have been used: its launch, else its first bucket. For combinations
  // see combined_begin.h.
  std::optional<Instant> begin_of(const std::string& subject) const;

  Interval bounds(const Window& window) const;
  // The interval of the same length before the window. Nullopt if the window has not ended, because
  // then the two do not compare.
  std::optional<Interval> before(const Window& window) const;
  Interval last(Duration length) const;
  // `count` periods in a row, the newest first; the newest ends `ago` before now.
  std::vector<Interval> periods(Duration length, int count, Duration ago = {}) const;
  // The last `count` complete calendar periods, the newest first.
  std::vector<Interval> closed(CalendarUnit unit, int count) const;
  // The 28 days up to the last local midnight: they rank the values of a dimension for a day.
  Interval ranking() const;
  // From the first bucket of a feature to `to`.
  Interval ever(const std::string& feature, Instant to) const;

  const UsageSummary& summary(const std::string& feature, const Interval& interval);
  // Users with a success in the feature, or in any or all features of the combination, who count at
  // the end of the interval: not excluded, eligible, not deleted before it, and in the users table
  // if there is one.
  const IdSet& users(const std::string& subject, const Interval& interval);
  // Users who count, with an activity row or a successful use of any feature.
  const IdSet& active(const Interval& interval);
  const IdSet& excluded() const { return excluded_; }
  const IdSet& not_counted(Instant end);

  // Returns what `make` returned when it was first called for this memo and key. `make` may use
  // other memos.
  template <typename Value, typename Key, typename Make>
  const Value& once(const Memo<Value, Key>& memo, const std::type_identity_t<Key>& key,
                    const Make& make) {
    std::any& held = memos_[&memo];
    if (!held.has_value()) held = std::map<Key, Value>();
    auto& values = *std::any_cast<std::map<Key, Value>>(&held);
    const auto found = values.find(key);
    if (found != values.end()) return found->second;
    Value made = make();
    return values.emplace(key, std::move(made)).first->second;
  }

  // Adds to the series of the feature that k-anonymity hid.
  void count_suppressed(const std::string& feature, std::size_t series);
  std::size_t suppressed(const std::string& feature) const;
  std::size_t suppressed() const;

 private:
  using Key = std::pair<Instant, Instant>;
  Interval period(Duration newest_ago, Duration length) const;
  IdSet find_users(const std::string& subject, const Interval& interval);

  const Facts& facts_;
  const UsageRules& rules_;
  TargetHistory* target_history_ = nullptr;
  bool live_;
  Instant at_, end_;
  IdSet excluded_, never_counted_;
  std::vector<std::pair<Instant, UserId>> deletions_;  // by time
  std::map<Instant, IdSet> not_counted_;
  // The ends of all windows: windows overlap, so each is the sum of the pieces between these.
  std::set<Instant> ends_;
  std::map<std::string, std::map<Key, UsageSummary>> done_;
  std::map<std::string, std::map<Key, IdSet>> users_;
  std::map<Key, IdSet> active_;
  std::map<const void*, std::any> memos_;  // by memo: a map from its key to its value
  std::map<std::string, std::size_t> suppressed_;
};

}  // namespace usage
