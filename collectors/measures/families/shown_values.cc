#include "collectors/measures/families/shown_values.h"

#include <algorithm>
#include <set>
#include <utility>

namespace usage {

namespace {

constexpr Memo<ShownValues, std::pair<std::string, std::size_t>> kShownValues;

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

std::size_t ShownValues::place(std::uint32_t value) const {
  const auto found = places.find(value);
  return found == places.end() ? labels.size() : found->second;
}

const ShownValues& shown_values(EvaluationContext& context, const std::string& feature,
                                std::size_t dimension) {
  return context.once(kShownValues, {feature, dimension},
                      [&] { return choose(context, feature, dimension); });
}

}  // namespace usage
