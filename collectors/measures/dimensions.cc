#include <algorithm>
#include <set>

#include "collectors/measures/breakdown.h"
#include "collectors/measures/families.h"
#include "collectors/measures/privacy.h"

namespace usage {

namespace {

void show(ShownValues& shown, const Directory& values, const std::string& label) {
  if (const auto id = values.find(label)) shown.places[*id] = shown.labels.size();
  shown.labels.push_back(label);
}

struct Ranked {
  std::uint64_t users;
  std::string label;
};

std::vector<Ranked> rank(Moment& moment, const std::string& feature, std::size_t dimension) {
  const Interval days = moment.ranking();
  const Directory& values = moment.feature(feature).names().dimensions[dimension];
  std::vector<Ranked> ranked;
  for (const auto& [value, done] : moment.done(feature, days).dimensions[dimension]) {
    if (value == FeatureNames::kOverflow) continue;
    const std::string label(values.text(value));
    if (label.empty() || label == kOther) continue;
    ranked.push_back({(done.users - moment.not_counted(days.to)).size(), label});
  }
  std::ranges::sort(ranked, [](const Ranked& a, const Ranked& b) {
    return a.users != b.users ? a.users > b.users : a.label < b.label;
  });
  return ranked;
}

std::string key_of(const char* what, const std::string& feature, std::size_t dimension) {
  return what + std::to_string(dimension) + " of " + feature;
}

struct Cells {
  std::vector<std::string> labels;  // the last is kOther
  std::vector<std::uint64_t> uses;
  std::vector<UserSet> behind;  // everyone whose uses are counted
  std::vector<UserSet> people;  // who count as users
};

Cells make_cells(Moment& moment, const std::string& feature, std::size_t dimension,
                 const Interval& window) {
  const ShownValues& shown = shown_values(moment, feature, dimension);
  const std::size_t size = shown.labels.size() + 1;
  Cells cells{shown.labels, std::vector<std::uint64_t>(size), std::vector<UserSet>(size), {}};
  cells.labels.push_back(kOther);
  for (const auto& [value, done] : moment.done(feature, window).dimensions[dimension]) {
    const std::size_t place = shown.place(value);
    cells.uses[place] += done.uses;
    cells.behind[place] |= done.users;
  }
  for (UserSet& users : cells.behind) {
    users -= moment.excluded();
    cells.people.push_back(users - moment.not_counted(window.to));
  }
  return cells;
}

const Cells& cells_of(Moment& moment, const std::string& feature, std::size_t dimension,
                      const Window& window) {
  return moment.once(key_of("cells ", feature, dimension) + " in " + window.label,
                     [&] { return make_cells(moment, feature, dimension, moment.bounds(window)); });
}

using Visit = std::function<void(const std::string& dimension, const std::string& window,
                                 const Cells& cells)>;

void for_each_breakdown(Moment& moment, const std::string& feature, const Visit& visit) {
  const auto& dimensions = moment.feature(feature).shape().dimensions;
  for (std::size_t d = 0; d < dimensions.size(); ++d) {
    for (const Window& window : moment.rules().windows) {
      visit(dimensions[d], window.label, cells_of(moment, feature, d, window));
    }
  }
}

}  // namespace

std::size_t ShownValues::place(std::uint32_t value) const {
  const auto found = places.find(value);
  return found == places.end() ? labels.size() : found->second;
}

namespace {

ShownValues choose(Moment& moment, const std::string& feature, std::size_t dimension) {
  const auto& rules = moment.feature_rules(feature).dimensions;
  if (dimension >= rules.size()) return {};
  const DimensionRules& rule = rules[dimension];
  const Directory& values = moment.feature(feature).names().dimensions[dimension];
  ShownValues shown;
  if (rule.allow_top) {
    shown.fixed = false;
    for (const Ranked& value : rank(moment, feature, dimension)) {
      if (shown.labels.size() == *rule.allow_top) break;
      show(shown, values, value.label);
    }
    return shown;
  }
  std::set<std::string> known{"", kOther};
  for (const std::string& label : rule.allow) {
    if (known.insert(label).second) show(shown, values, label);
  }
  return shown;
}

}  // namespace

const ShownValues& shown_values(Moment& moment, const std::string& feature, std::size_t dimension) {
  return moment.once(key_of("shown values ", feature, dimension),
                     [&] { return choose(moment, feature, dimension); });
}

void dimension_uses(Moment& moment, const std::string& feature, MetricFamily& family) {
  for_each_breakdown(
      moment, feature, [&](const auto& dimension, const auto& window, const Cells& cells) {
        const std::vector<bool> hidden = hidden_cells(cells.behind, moment.rules().k_anonymity);
        for (std::size_t i = 0; i < cells.labels.size(); ++i) {
          if (!hidden[i]) {
            add_sample(family, {feature, dimension, cells.labels[i], window},
                       static_cast<double>(cells.uses[i]));
          }
        }
        moment.count_suppressed(feature,
                                static_cast<std::size_t>(std::ranges::count(hidden, true)));
      });
}

void dimension_users(Moment& moment, const std::string& feature, MetricFamily& family) {
  for_each_breakdown(
      moment, feature, [&](const auto& dimension, const auto& window, const Cells& cells) {
        const std::vector<bool> hidden = hidden_cells(cells.people, moment.rules().k_anonymity);
        for (std::size_t i = 0; i < cells.labels.size(); ++i) {
          if (!hidden[i]) {
            add_sample(family, {feature, dimension, cells.labels[i], window},
                       static_cast<double>(cells.people[i].size()));
          }
        }
        moment.count_suppressed(feature,
                                static_cast<std::size_t>(std::ranges::count(hidden, true)));
      });
}

void dimension_other_ratio(Moment& moment, const std::string& feature, MetricFamily& family) {
  for_each_breakdown(moment, feature,
                     [&](const auto& dimension, const auto& window, const Cells& cells) {
                       if (hidden_cells(cells.behind, moment.rules().k_anonymity).back()) {
                         moment.count_suppressed(feature, 1);
                         return;
                       }
                       std::uint64_t all = 0;
                       for (const std::uint64_t count : cells.uses) all += count;
                       if (const auto ratio = ratio_of(cells.uses.back(), all)) {
                         add_sample(family, {feature, dimension, window}, *ratio);
                       }
                     });
}

}  // namespace usage
