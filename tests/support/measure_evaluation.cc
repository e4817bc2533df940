#include "tests/support/measure_evaluation.h"

#include <algorithm>

namespace usage::reference {

People intersection(const People& a, const People& b) {
  People both;
  for (const auto& one : a) {
    if (b.contains(one)) both.insert(one);
  }
  return both;
}

People difference(const People& a, const People& b) {
  People rest;
  for (const auto& one : a) {
    if (!b.contains(one)) rest.insert(one);
  }
  return rest;
}

Evaluation::Evaluation(const World& world, const UsageRules& rules, Instant at, bool live)
    : world_(world), rules_(rules) {
  const Instant floor = bucket(at);
  now_ = live ? at : floor;
  end_ = !live || floor == at ? floor : floor + world.width;
  for (const Person& person : world.people) people_[person.id] = &person;
}

Series Evaluation::run() {
  about();
  for (const auto& [name, shape] : world_.shapes) {
    name_ = name;
    shape_ = &shape;
    rows_ = &world_.rows.at(name);
    const auto found = rules_.features.find(name);
    feature_ = found == rules_.features.end() ? FeatureRules() : found->second;
    hidden_ = 0;
    counters();
    volumes();
    for (std::size_t d = 0; d < shape.dimensions.size(); ++d) dimension(d);
    if (shape.has_users) {
      adoption();
      first_uses();
      engagement();
      at_risk();
      lifecycle();
      retention();
      habits();
    }
    put("suppressed_series", {name}, static_cast<double>(hidden_));
  }
  return std::move(series_);
}

Instant Evaluation::bucket(Instant time) const {
  return Instant(time.time_since_epoch() / world_.width * world_.width);
}

long Evaluation::day_number(Instant instant) const {
  const LocalTime local = rules_.zone.local(instant);
  const std::chrono::year_month_day date(
      std::chrono::year(local.year), std::chrono::month(local.month), std::chrono::day(local.day));
  return std::chrono::sys_days(date).time_since_epoch().count();
}

long Evaluation::unit_number(CalendarUnit unit, Instant instant) const {
  if (unit == CalendarUnit::day) return day_number(instant);
  if (unit == CalendarUnit::week) return (day_number(instant) + 3) / 7;  // day 4 is a Monday
  const LocalTime local = rules_.zone.local(instant);
  return local.year * 12 + static_cast<long>(local.month);
}

// The buckets that lie in one calendar unit from their first to their last instant.
Span Evaluation::calendar(CalendarUnit unit, int offset) const {
  const long wanted = unit_number(unit, now_) + offset;
  const Instant until = end_;
  Span span;
  span.within = [=, this](Instant start) {
    return start < until && unit_number(unit, start) == wanted &&
           unit_number(unit, start + world_.width - Duration(1)) == wanted;
  };
  span.end = offset < 0 ? bucket(rules_.zone.start_of(unit, now_, offset + 1)) : end_;
  return span;
}

Span Evaluation::rolling(Duration length, Duration ago) const {
  const Instant from = now_ - ago - length;
  // The open bucket belongs to the newest period. All other edges are rounded up.
  const Instant to = now_ - ago;
  return {[=](Instant start) { return start >= from && start < to; }, bucket_up(to)};
}

Instant Evaluation::bucket_up(Instant time) const {
  return bucket(time) == time ? time : bucket(time) + world_.width;
}

Span Evaluation::span_of(const Window& window) const {
  return window.rolling ? rolling(*window.rolling) : calendar(window.unit, window.offset);
}

Span Evaluation::since(Instant from) const {
  const Instant to = end_;
  return {[=](Instant start) { return start >= from && start < to; }, to};
}

bool Evaluation::excluded(const std::string& user) const {
  const auto found = people_.find(user);
  return found != people_.end() && found->second->excluded;
}

bool Evaluation::counts(const std::string& user, Instant end) const {
  const auto found = people_.find(user);
  if (found == people_.end()) return !world_.has_users_table;
  const Person& person = *found->second;
  return !person.excluded && person.eligible && !(person.deleted_at && *person.deleted_at < end);
}

People Evaluation::users(const std::string& feature, const Span& span) const {
  People found;
  for (const Row& row : world_.rows.at(feature)) {
    if (row.success && row.user && span.within(bucket(row.time)) && counts(*row.user, span.end)) {
      found.insert(*row.user);
    }
  }
  return found;
}

People Evaluation::active(const Span& span) const {
  People found;
  for (const Visit& visit : world_.visits) {
    if (span.within(bucket(visit.time)) && counts(visit.user, span.end)) {
      found.insert(visit.user);
    }
  }
  for (const auto& [name, shape] : world_.shapes) found.merge(users(name, span));
  return found;
}

void Evaluation::put(const std::string& name, const std::vector<std::string>& labels,
                     double value) {
  std::string key = "usage_" + name;
  for (const std::string& label : labels) key += "|" + label;
  series_[key] = value;
}
void Evaluation::put(const std::string& name, const std::vector<std::string>& labels,
                     std::size_t value) {
  put(name, labels, static_cast<double>(value));
}
void Evaluation::put_ratio(const std::string& name, const std::vector<std::string>& labels,
                           std::size_t numerator, std::size_t denominator) {
  if (denominator > 0) {
    put(name, labels, static_cast<double>(numerator) / static_cast<double>(denominator));
  }
}

// Hides small cells, then the next smallest until two are hidden and hold k people together.
std::vector<bool> Evaluation::hide(const std::vector<People>& cells) const {
  std::vector<bool> hidden(cells.size());
  People together;
  std::size_t count = 0;
  const auto conceal = [&](std::size_t i) {
    hidden[i] = true;
    together.insert(cells[i].begin(), cells[i].end());
    ++count;
  };
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!cells[i].empty() && cells[i].size() < rules_.k_anonymity) conceal(i);
  }
  while (count > 0) {
    std::optional<std::size_t> next, empty;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (hidden[i]) continue;
      if (cells[i].empty()) {
        if (!empty) empty = i;
      } else if (!next || cells[i].size() < cells[*next].size()) {
        next = i;
      }
    }
    if (next && (count < 2 || together.size() < rules_.k_anonymity)) {
      conceal(*next);
    } else if (!next && empty && count < 2) {
      conceal(*empty);
    } else {
      break;
    }
  }
  return hidden;
}

void Evaluation::put_cells(const std::string& name, const std::vector<std::string>& names,
                           const std::vector<People>& cells) {
  const std::vector<bool> hidden = hide(cells);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (hidden[i]) {
      ++hidden_;
    } else {
      put(name, {name_, names[i]}, cells[i].size());
    }
  }
}

Series measures(const World& world, const UsageRules& rules, Instant at, bool live) {
  return Evaluation(world, rules, at, live).run();
}

}  // namespace usage::reference
