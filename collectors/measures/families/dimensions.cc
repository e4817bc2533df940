#include "collectors/measures/families/dimensions.h"

#include <algorithm>
#include <tuple>

#include "collectors/measures/context/privacy.h"
#include "collectors/measures/families/shown_values.h"

namespace usage {

namespace {

bool has_user_dimensions(const FeatureShape& shape) {
  return shape.has_users && has_dimensions(shape);
}

struct Cells {
  std::vector<std::string> labels;  // the last is kOther
  std::vector<std::uint64_t> uses;
  std::vector<IdSet> behind;  // users whose uses are counted
  std::vector<IdSet> people;  // of these, the users who count
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

constexpr Memo<Cells, std::tuple<std::string, std::size_t, std::string>> kCells;

const Cells& cells_of(EvaluationContext& context, const std::string& feature, std::size_t dimension,
                      const Window& window) {
  return context.once(kCells, {feature, dimension, window.label}, [&] {
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

constexpr Measure kDimensionMeasures[] = {
    row("usage_dimension_uses", kGauge, "", {"feature", "dimension", "value", "window"},
        has_dimensions, dimension_uses,
        "Successful uses in the window by one dimension, without those of excluded users. Absent "
        "where fewer than k people are behind a value, or could be computed."),
    row("usage_dimension_users", kGauge, "", {"feature", "dimension", "value", "window"},
        has_user_dimensions, dimension_users,
        "Distinct users with a success of that value in the window. Not additive: one person may "
        "use several. Absent where fewer than k people are behind a value, or could be computed."),
    row("usage_dimension_other_ratio", kGauge, "ratio", {"feature", "dimension", "window"},
        has_dimensions, dimension_other_ratio,
        "Successful uses in the window whose value is not shown by itself / all successful uses in "
        "the window."),
};

}  // namespace

std::span<const Measure> dimension_measures() { return kDimensionMeasures; }

}  // namespace usage
