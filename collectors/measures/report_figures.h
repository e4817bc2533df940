#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

// The numbers that a report shows, by name: collectors/report makes them, the config's "report"
// names them.
namespace usage {

enum class Unit { count, ratio, hours, points };

// A number of the report: the sum of the subject's samples of `metric` that have the label, times
// `scale`.
struct FigureRow {
  std::string_view key, words, metric;
  Unit unit = Unit::count;
  bool has_window = true;
  double scale = 1;
  std::string_view label = {}, label_value = {};
};

// The key of the mean rating, which has no series for combinations.
inline constexpr std::string_view kRatingFigure = "rating";

std::span<const FigureRow> activity_figures();  // of the product, with features or without
std::span<const FigureRow> value_figures();     // of the product
std::span<const FigureRow> feature_figures();
std::span<const FigureRow> combination_figures();

// The keys that the config's "report" may name.
std::vector<std::string> product_figure_keys();
std::vector<std::string> feature_figure_keys();
std::vector<std::string> combination_figure_keys();

}  // namespace usage
