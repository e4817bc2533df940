#pragma once

#include <functional>
#include <set>

#include "tests/support/measure_reference.h"

// The inner parts of the reference evaluation.
namespace usage::reference {

using People = std::set<std::string>;

// A set of buckets, and its end: users deleted before it do not count.
struct Span {
  std::function<bool(Instant bucket)> within;
  Instant end;
};

People intersection(const People& a, const People& b);
People difference(const People& a, const People& b);

class Evaluation {
 public:
  Evaluation(const World& world, const UsageRules& rules, Instant at, bool live);
  Series run();

 private:
  Instant bucket(Instant time) const;
  Instant bucket_up(Instant time) const;
  long day_number(Instant instant) const;  // local
  long unit_number(CalendarUnit unit, Instant instant) const;
  Span calendar(CalendarUnit unit, int offset) const;
  Span rolling(Duration length, Duration ago = {}) const;
  Span since(Instant from) const;
  Span span_of(const Window& window) const;

  bool excluded(const std::string& user) const;
  bool counts(const std::string& user, Instant end) const;
  People users(const std::string& feature, const Span& span) const;
  People users(const Span& span) const { return users(name_, span); }
  People active(const Span& span) const;
  People regulars(int of_periods, Duration ago) const;
  std::map<std::string, int> days_of_use() const;  // of the last 28 local days
  std::optional<Instant> begin() const;
  std::vector<std::string> shown(std::size_t dimension) const;

  void put(const std::string& name, const std::vector<std::string>& labels, double value);
  void put(const std::string& name, const std::vector<std::string>& labels, std::size_t value);
  void put_ratio(const std::string& name, const std::vector<std::string>& labels,
                 std::size_t numerator, std::size_t denominator);
  std::vector<bool> hide(const std::vector<People>& cells) const;
  void put_cells(const std::string& name, const std::vector<std::string>& names,
                 const std::vector<People>& cells);
  void put_stickiness(const std::string& name, const std::vector<std::string>& labels,
                      const std::function<People(const Span&)>& people);

  void about();
  void counters();
  void histogram(const std::string& name, std::optional<double> Row::* value,
                 std::vector<double> FeatureShape::* bounds);
  void volumes();
  void dimension(std::size_t d);
  void adoption();
  void first_uses();
  void engagement();
  void at_risk();
  void lifecycle();
  void retention();
  void retention_bands(const Window& window, const Span& before, const Span& now);
  void habits();

  const World& world_;
  const UsageRules& rules_;
  Instant now_, end_;
  std::map<std::string, const Person*> people_;
  Series series_;
  std::string name_;
  const FeatureShape* shape_ = nullptr;
  const std::vector<Row>* rows_ = nullptr;
  FeatureRules feature_;
  std::size_t hidden_ = 0;
};

}  // namespace usage::reference
