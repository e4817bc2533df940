#include "collectors/facts/facts.h"

#include <stdexcept>
#include <utility>

namespace usage {

IdSet Population::excluded() const {
  IdSet set;
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    if (attributes[i].excluded) {
      set.add(static_cast<UserId>(i));
    }
  }
  return set;
}

IdSet Population::eligible(Instant end) const {
  IdSet set;
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    const UserAttributes& user = attributes[i];
    const bool deleted = user.deleted_at && *user.deleted_at < end;
    if (user.eligible && !user.excluded && !deleted && (user.known || !has_users_table)) {
      set.add(static_cast<UserId>(i));
    }
  }
  return set;
}

std::uint64_t Activity::replace(const Interval& interval, std::map<Instant, IdSet> fresh) {
  std::uint64_t changed = 0;
  const auto count = [&](Instant start, const IdSet& before, const IdSet& after) {
    changed += before.size() + after.size() - 2 * common(before, after);
    days_.drop(start);
  };
  for (auto old = buckets_.lower_bound(interval.from);
       old != buckets_.end() && old->first < interval.to;) {
    const auto found = fresh.find(old->first);
    if (found != fresh.end() && !found->second.empty()) {
      ++old;
      continue;
    }
    count(old->first, old->second, {});
    old = buckets_.erase(old);
  }
  for (auto& [start, users] : fresh) {
    if (start < interval.from || start >= interval.to ||
        start.time_since_epoch() % width_ != Duration::zero()) {
      throw std::logic_error("a bucket of activity lies outside of what was read");
    }
    if (users.empty()) {
      continue;
    }
    IdSet& place = buckets_[start];
    if (place != users) {
      users.compact();
      count(start, place, users);
      place = std::move(users);
    }
  }
  return changed;
}

IdSet Activity::users(const Interval& interval) const {
  IdSet all;
  for_days(interval.from, interval.to, [&](Instant from, Instant to) {
    all |= *days_.get(from, to, [&] {
      IdSet merged;
      for (auto it = buckets_.lower_bound(from); it != buckets_.end() && it->first < to; ++it) {
        merged |= it->second;
      }
      merged.compact();
      return merged;
    });
  });
  return all;
}

void Activity::restore(std::map<Instant, IdSet> buckets) {
  buckets_ = std::move(buckets);
  days_.clear();
}

void Activity::forget(UserId user) {
  for (auto it = buckets_.begin(); it != buckets_.end();) {
    it->second.remove(user);
    it = it->second.empty() ? buckets_.erase(it) : std::next(it);
  }
  days_.clear();
}

const std::map<std::string, FeatureFacts>& Facts::tables(const std::string& name) const {
  return name.find('/') == std::string::npos ? features : auxiliary_tables;
}

std::map<std::string, FeatureFacts>& Facts::tables(const std::string& name) {
  return name.find('/') == std::string::npos ? features : auxiliary_tables;
}

void Facts::for_each_table(
    const std::function<void(const std::string& name, FeatureFacts&)>& visit) {
  for (auto* tables : {&features, &auxiliary_tables}) {
    for (auto& [name, table] : *tables) {
      visit(name, table);
    }
  }
}

}  // namespace usage
