#include <algorithm>
#include <set>

#include "collectors/measures/context/breakdown.h"
#include "collectors/measures/context/privacy.h"
#include "collectors/measures/families/measure_functions.h"

namespace usage {

namespace {

void show(ShownValues& shown, const IdMap& values, const std::string& label) {
  if (const auto id = values.find(label)) shown.places[*id] = shown.labels.size();
  shown.labels.push_back(label);
}

struct Ranked {
  std::uint64_t users;
  std::string label;
};

std::vector<Ranked> rank(EvaluationContext& context, const std::string& feature,
                         std::size_t dimension) {
  const Interval days = context.ranking();
  const IdMap& values = context.feature(feature).names().dimensions[dimension];
  std::vector<Ranked> ranked;
  for (const auto& [value, summary] : context.summary(feature, days).dimensions[dimension]) {
    if (value == FeatureNames::kOverflow) continue;
    const std::string label(values.text(value));
    if (label.empty() || label == kOther) continue;
    ranked.push_back({(summary.users - context.not_counted(days.to)).size(), label});
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
  std::vector<IdSet> behind;  // everyone whose uses are counted
  std::vector<IdSet> people;  // who count as users
};

Cells make_cells(EvaluationContext& context, const std::string& feature, std::size_t dimension,
                 const Interval& window) {
  const ShownValues& shown = shown_values(context, feature, dimension);
  const std::size_t size = shown.labels.size() + 1;
  Cells cells{shown.labels, std::vector<std::uint64_t>(size), std::vector<IdSet>(size), {}};
  cells.labels.push_back(kOther);
  for (const auto& [value, summary] : context.summary(feature, window).dimensions[dimension]) {
    const std::size_t place = shown.place(value);
    cells.uses[place] += summary.uses;
    cells.behind[place] |= summary.users;
  }
  for (IdSet& users : cells.behind) {
    users -= context.excluded();
    cells.people.push_back(users - context.not_counted(window.to));
  }
  return cells;
}

const Cells& cells_of(EvaluationContext& context, const std::string& feature, std::size_t dimension,
                      const Window& window) {
  return context.once(key_of("cells ", feature, dimension) + " in " + window.label, [&] {
    return make_cells(context, feature, dimension, context.bounds(window));
  });
}

using VisitBreakdown = std::function<void(const std::string& dimension, const std::string& window,
                                          const Cells& cells)>;

void for_each_breakdown(EvaluationContext& context, const std::string& feature,
                        const VisitBreakdown& visit) {
  const auto& dimensions = context.feature(feature).shape().dimensions;
  for (std::size_t d = 0; d < dimensions.size(); ++d) {
    for (const Window& window : context.rules().windows) {
      visit(dimensions[d], window.label, cells_of(context, feature, d, window));
    }
  }
}

}  // namespace

std::size_t ShownValues::place(std::uint32_t value) const {
  const auto found = places.find(value);
  return found == places.end() ? labels.size() : found->second;
}

namespace {

ShownValues choose(EvaluationContext& context, const std::string& feature, std::size_t dimension) {
  const auto& rules = context.feature_rules(feature).dimensions;
  if (dimension >= rules.size()) return {};
  const DimensionRules& rule = rules[dimension];
  const IdMap& values = context.feature(feature).names().dimensions[dimension];
  ShownValues shown;
  if (rule.allow_top) {
    shown.fixed = false;
    for (const Ranked& value : rank(context, feature, dimension)) {
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

const ShownValues& shown_values(EvaluationContext& context, const std::string& feature,
                                std::size_t dimension) {
  return context.once(key_of("shown values ", feature, dimension),
                      [&] { return choose(context, feature, dimension); });
}

void dimension_uses(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  for_each_breakdown(
      context, feature, [&](const auto& dimension, const auto& window, const Cells& cells) {
        const std::vector<bool> hidden = hidden_cells(cells.behind, context.rules().k_anonymity);
        for (std::size_t i = 0; i < cells.labels.size(); ++i) {
          if (!hidden[i]) {
            add_sample(family, {feature, dimension, cells.labels[i], window},
                       static_cast<double>(cells.uses[i]));
          }
        }
        context.count_suppressed(feature,
                                 static_cast<std::size_t>(std::ranges::count(hidden, true)));
      });
}

void dimension_users(EvaluationContext& context, const std::string& feature, MetricFamily& family) {
  for_each_breakdown(
      context, feature, [&](const auto& dimension, const auto& window, const Cells& cells) {
        const std::vector<bool> hidden = hidden_cells(cells.people, context.rules().k_anonymity);
        for (std::size_t i = 0; i < cells.labels.size(); ++i) {
          if (!hidden[i]) {
            add_sample(family, {feature, dimension, cells.labels[i], window},
                       static_cast<double>(cells.people[i].size()));
          }
        }
        context.count_suppressed(feature,
                                 static_cast<std::size_t>(std::ranges::count(hidden, true)));
      });
}

void dimension_other_ratio(EvaluationContext& context, const std::string& feature,
                           MetricFamily& family) {
  for_each_breakdown(context, feature,
                     [&](const auto& dimension, const auto& window, const Cells& cells) {
                       if (hidden_cells(cells.behind, context.rules().k_anonymity).back()) {
                         context.count_suppressed(feature, 1);
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
