#include "tests/support/measure_reference.h"

#include <algorithm>

#include "exporter/base/format.h"
#include "tests/support/measure_evaluation.h"

namespace usage::reference {

using std::chrono::days;

void Evaluation::about() {
  put("timezone_info", {rules_.zone.name(), "monday"}, 1.0);
  std::size_t out = 0;
  for (const Person& person : world_.people) out += person.excluded;
  put("excluded_users", {}, out);
  bool anyone = !world_.visits.empty();
  for (const auto& [name, shape] : world_.shapes) anyone = anyone || shape.has_users;
  for (const Window& window : rules_.windows) {
    const Span span = span_of(window);
    const People all = active(span);
    if (anyone) put("active_users", {window.label}, all.size());
    for (const Combination& combination : rules_.combinations) {
      std::map<std::string, std::size_t> features_of;
      for (const std::string& feature : combination.features) {
        for (const std::string& user : users(feature, span)) ++features_of[user];
      }
      std::size_t people = 0;
      for (const auto& [user, features] : features_of) {
        people += !combination.all || features == combination.features.size();
      }
      put("combination_users", {combination.name, window.label}, people);
      put_ratio("combination_adoption_ratio", {combination.name, window.label}, people, all.size());
    }
  }
  put_stickiness("product_stickiness_ratio", {}, [&](const Span& day) { return active(day); });
}

void Evaluation::histogram(const std::string& name, std::optional<double> Row::* value,
                           std::vector<double> FeatureShape::* bounds) {
  if ((shape_->*bounds).empty()) return;
  double sum = 0;
  std::size_t all = 0;
  std::map<double, std::size_t> below;
  for (const double bound : shape_->*bounds) {
    bool common = true;
    for (const auto& [other, shape] : world_.shapes) {
      const auto& theirs = shape.*bounds;
      common = common && (theirs.empty() || std::ranges::count(theirs, bound) > 0);
    }
    if (common) below[bound] = 0;
  }
  for (const Row& row : *rows_) {
    if (!row.success || !(row.*value) || bucket(row.time) >= end_) continue;
    sum += *(row.*value);
    ++all;
    for (auto& [bound, count] : below) count += *(row.*value) <= bound;
  }
  for (const auto& [bound, count] : below) {
    put(name + "_bucket", {name_, fmt::format("{}", bound)}, count);
  }
  put(name + "_bucket", {name_, "+Inf"}, all);
  put(name + "_sum", {name_}, sum);
}

void Evaluation::counters() {
  put("feature_info", {name_, name_}, 1.0);
  if (feature_.launched_at) {
    put("launch_timestamp_seconds", {name_}, unix_seconds(*feature_.launched_at));
  }
  std::size_t uses = 0, attempts = 0, nobody = 0;
  std::map<std::string, std::size_t> reasons{{"other", 0}};
  for (const std::string& reason : shape_->reasons) reasons[reason] = 0;
  for (const Row& row : *rows_) {
    if (bucket(row.time) >= end_) continue;
    ++attempts;
    uses += row.success;
    nobody += !row.user;
    if (!row.success) ++reasons[reasons.contains(row.reason) ? row.reason : "other"];
  }
  put("uses_total", {name_}, uses);
  if (shape_->has_users) put("unattributed_events_total", {name_}, nobody);
  if (shape_->has_outcome) {
    put("attempts_total", {name_}, attempts);
    for (const auto& [reason, count] : reasons) put("failures_total", {name_, reason}, count);
  }
  histogram("operation_duration_seconds", &Row::duration, &FeatureShape::duration_bounds);
  histogram("payload_bytes", &Row::size, &FeatureShape::size_bounds);
}

void Evaluation::volumes() {
  for (const Window& window : rules_.windows) {
    const Span span = span_of(window);
    const std::vector<std::string> labels{name_, window.label};
    const bool over = window.rolling || window.offset < 0;
    const Span earlier = window.rolling ? rolling(*window.rolling, *window.rolling)
                                        : calendar(window.unit, window.offset - 1);
    std::size_t uses = 0, failures = 0, uses_earlier = 0;
    People scopes;
    std::map<long, std::size_t> hours;
    for (const Row& row : *rows_) {
      const bool known = !row.user || !excluded(*row.user);
      if (row.success && known && earlier.within(bucket(row.time))) ++uses_earlier;
      if (!span.within(bucket(row.time))) continue;
      if (row.success && row.scope) scopes.insert(*row.scope);
      if (!known) continue;
      (row.success ? uses : failures) += 1;
      if (row.success) ++hours[row.time.time_since_epoch() / std::chrono::hours(1)];
    }
    std::size_t peak = 0;
    for (const auto& [hour, count] : hours) peak = std::max(peak, count);
    put("uses", labels, uses);
    put("peak_hourly_uses", labels, peak);
    if (over && uses_earlier > 0) {
      put("growth_ratio", labels,
          static_cast<double>(uses) / static_cast<double>(uses_earlier) - 1);
    }
    if (window.rolling) {
      put("uses_per_day", labels, static_cast<double>(uses) / (seconds(*window.rolling) / 86'400));
    }
    if (shape_->has_scope) put("scopes", labels, scopes.size());
    if (shape_->has_outcome) {
      put("failures", labels, failures);
      put("attempts", labels, failures + uses);
      put_ratio("failure_ratio", labels, failures, failures + uses);
    }
  }
}

std::vector<std::string> Evaluation::shown(std::size_t d) const {
  const DimensionRules& rule = feature_.dimensions.at(d);
  std::vector<std::string> values;
  if (!rule.allow_top) {
    for (const std::string& value : rule.allow) {
      if (value != "other" && std::ranges::count(values, value) == 0) values.push_back(value);
    }
    return values;
  }
  const Instant midnight = rules_.zone.start_of(CalendarUnit::day, now_);
  std::map<std::string, People> users;
  for (const Row& row : *rows_) {
    const Instant start = bucket(row.time);
    const bool within =
        start >= midnight - days(28) && start + world_.width <= midnight && row.success;
    if (!within || row.dimensions[d].empty() || row.dimensions[d] == "other") continue;
    People& of_value = users[row.dimensions[d]];
    if (row.user && counts(*row.user, bucket(midnight))) of_value.insert(*row.user);
  }
  for (const auto& [value, people] : users) values.push_back(value);
  std::ranges::stable_sort(
      values, [&](const auto& a, const auto& b) { return users[a].size() > users[b].size(); });
  if (values.size() > *rule.allow_top) values.resize(*rule.allow_top);
  return values;
}

void Evaluation::dimension(std::size_t d) {
  const std::string& dimension = shape_->dimensions[d];
  const std::vector<std::string> values = shown(d);
  std::vector<std::string> names = values;
  names.push_back("other");
  const auto place = [&](const Row& row) {
    return static_cast<std::size_t>(std::ranges::find(values, row.dimensions[d]) - values.begin());
  };
  std::vector<std::size_t> ever(names.size());
  for (const Row& row : *rows_) {
    if (row.success && bucket(row.time) < end_) ++ever[place(row)];
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == values.size() && feature_.dimensions.at(d).allow_top) continue;
    put("dimension_uses_total", {name_, dimension, names[i]}, ever[i]);
  }
  for (const Window& window : rules_.windows) {
    const Span span = span_of(window);
    std::vector<std::size_t> uses(names.size());
    std::vector<People> behind(names.size()), people(names.size());
    std::size_t all = 0;
    for (const Row& row : *rows_) {
      if (!row.success || !span.within(bucket(row.time))) continue;
      if (row.user && excluded(*row.user)) continue;
      ++uses[place(row)];
      ++all;
      if (!row.user) continue;
      behind[place(row)].insert(*row.user);
      if (counts(*row.user, span.end)) people[place(row)].insert(*row.user);
    }
    const std::vector<bool> hidden_uses = hide(behind), hidden_people = hide(people);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::vector<std::string> labels{name_, dimension, names[i], window.label};
      hidden_ += hidden_uses[i];
      if (!hidden_uses[i]) put("dimension_uses", labels, uses[i]);
      if (!shape_->has_users) continue;
      hidden_ += hidden_people[i];
      if (!hidden_people[i]) put("dimension_users", labels, people[i].size());
    }
    hidden_ += hidden_uses.back();
    if (!hidden_uses.back()) {
      put_ratio("dimension_other_ratio", {name_, dimension, window.label}, uses.back(), all);
    }
  }
}

}  // namespace usage::reference
