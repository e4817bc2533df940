#include "collectors/usage/explain/explain.h"

#include <algorithm>
#include <set>

#include "collectors/measures/context/window.h"
#include "collectors/measures/evaluate.h"
#include "collectors/measures/measures.h"
#include "collectors/usage/config/windows_config.h"
#include "collectors/usage/explain/explain_parts.h"
#include "collectors/usage/reading/activity_reader.h"
#include "collectors/usage/reading/feature_reader.h"
#include "collectors/usage/reading/refresh_policy.h"
#include "collectors/usage/reading/users_reader.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"

namespace usage {

namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

Labels labels_of(const MetricFamily& family, const std::vector<std::string>& values) {
  Labels labels;
  for (std::size_t i = 0; i < values.size(); ++i) {
    labels.emplace_back(family.label_names[i], values[i]);
  }
  return labels;
}

std::string series(std::string_view name, const Labels& labels) {
  std::string text;
  for (const auto& [label, value] : labels) {
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", label, value);
  }
  return text.empty() ? std::string(name) : fmt::format("{}{{{}}}", name, text);
}

const MetricFamily* find(const Metrics& metrics, std::string_view name) {
  const auto found = std::find_if(metrics.begin(), metrics.end(),
                                  [&](const MetricFamily& family) { return family.name == name; });
  return found == metrics.end() ? nullptr : &*found;
}

// The part of a ratio whose labels are among the ratio's.
std::string part(const Metrics& metrics, std::string_view name, Labels of,
                 std::string_view window) {
  const MetricFamily* family = find(metrics, name);
  if (!window.empty()) {
    std::erase_if(of, [](const auto& label) { return label.first == "window"; });
    of.emplace_back("window", window);
  }
  for (const Sample& sample : family ? family->samples : std::vector<Sample>{}) {
    const Labels labels = labels_of(*family, sample.labels);
    const bool same = std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
      return std::find(of.begin(), of.end(), label) != of.end();
    });
    if (same) {
      return fmt::format("{} {}", series(name, labels), format_shortest(sample.value));
    }
  }
  return fmt::format("{}: nothing", name);
}

const Measure& measure_of(const ExplainQuestion& question) {
  std::vector<std::string> names;
  for (const Measure& measure : measures()) {
    if (measure.name == question.measure) {
      return measure;
    }
    names.emplace_back(measure.name);
  }
  throw Error(Reason::config, fmt::format("there is no measure \"{}\"{}", question.measure,
                                          did_you_mean(question.measure, names)));
}

void check_feature(const ExplainQuestion& question, const UsageConfig& usage,
                   const Measure& measure) {
  if (!question.feature) {
    return;
  }
  std::vector<std::string> names;
  for (const FeatureConfig& feature : usage.features) {
    names.push_back(feature.shape.name);
  }
  if (std::find(names.begin(), names.end(), *question.feature) == names.end()) {
    throw Error(Reason::config, fmt::format("there is no feature \"{}\"{}", *question.feature,
                                            did_you_mean(*question.feature, names)));
  }
  const bool of_features = std::ranges::count(measure.labels, "feature") > 0;
  if (!of_features ||
      (measure.per_feature() && !measure.applies(usage.feature(*question.feature).shape))) {
    throw Error(Reason::config,
                fmt::format("feature \"{}\" has no {}: {}", *question.feature, measure.name,
                            of_features ? "its config lacks a column that this needs"
                                        : "it is about the product as a whole"));
  }
}

std::vector<Window> windows_of(const ExplainQuestion& question, const UsageConfig& usage) {
  if (!question.window) {
    return usage.rules.windows;
  }
  auto window = window_of(*question.window, usage.bucket);
  if (!window) {
    throw Error(Reason::config, fmt::format("\"{}\" is no window; write a duration such as 7d, or "
                                            "last_week and the like",
                                            *question.window));
  }
  return {*std::move(window)};
}

std::string statement(const std::string& what, const std::string& source, const std::string& sql) {
  return fmt::format("  {} (source {}):\n    {}\n", what, source, sql);
}

std::string values(const ExplainQuestion& question, const Measure& measure, const Metrics& metrics,
                   const std::set<std::string>& windows) {
  const MetricFamily* family = find(metrics, measure.name);
  const RatioParts& parts = measure.parts;
  std::string text;
  for (const Sample& sample : family ? family->samples : std::vector<Sample>{}) {
    const Labels labels = labels_of(*family, sample.labels);
    const bool other = std::any_of(labels.begin(), labels.end(), [&](const auto& label) {
      return (label.first == "feature" && question.feature && label.second != *question.feature) ||
             (label.first == "window" && question.window && !windows.contains(label.second));
    });
    if (other) {
      continue;
    }
    text += fmt::format("  {} {}\n", series(family->name, labels), format_shortest(sample.value));
    if (!parts.numerator.empty()) {
      text += fmt::format("    = {}\n    / {}\n", part(metrics, parts.numerator, labels, ""),
                          part(metrics, parts.denominator, labels, parts.window));
    }
  }
  for (const HistogramSample& sample :
       family ? family->histograms : std::vector<HistogramSample>{}) {
    text += fmt::format("  {} count {}, sum {}\n",
                        series(family->name, labels_of(*family, sample.labels)),
                        sample.bucket_counts.back(), format_shortest(sample.sum));
  }
  return text.empty() ? "  nothing: there is none to count, or it cannot be known at this instant\n"
                      : text;
}

}  // namespace

std::string statements(const std::set<std::string>& features, bool records, const Config& config,
                       const UsageConfig& usage) {
  std::string text;
  for (const FeatureConfig* table : usage.tables()) {
    const std::string& name = table->shape.name;
    const std::size_t slash = name.find('/');
    const bool wanted =
        features.contains(name.substr(0, slash)) || name.starts_with(auxiliary::kBusiness);
    if (wanted && (records || slash == std::string::npos)) {
      text += statement(slash == std::string::npos ? "feature " + name : name, table->uses.source,
                        FeatureReader(*table, config.source(table->uses.source)).sql());
    }
  }
  if (!usage.activity.empty()) {
    const std::string& source = usage.activity.front().source;
    for (const std::string& sql : ActivityReader(usage.activity, config.source(source)).sql()) {
      text += statement("activity", source, sql);
    }
  }
  if (usage.users) {
    text += statement("users", usage.users->source,
                      UsersReader(*usage.users, config.source(usage.users->source)).sql());
  }
  return text;
}

std::string explain(const ExplainQuestion& question, const Config& config, const UsageConfig& usage,
                    const Facts& facts, Instant at, bool live) {
  const Measure& measure = measure_of(question);
  check_feature(question, usage, measure);
  UsageRules rules = usage.rules;
  rules.windows = windows_of(question, usage);
  std::string text = fmt::format("{} ({})\n  {}\n\nas of {}{}, in {}:\n", measure.name,
                                 to_string(measure.type), measure.help, format_rfc3339(at),
                                 live ? " (the hour under way counts)" : "", rules.zone.name());
  std::set<std::string> windows;
  const bool windowed =
      std::find(measure.labels.begin(), measure.labels.end(), "window") != measure.labels.end();
  for (const Window& window : rules.windows) {
    windows.insert(window.label);
    const Interval bounds = window_bounds(window, at, live, usage.bucket, rules.zone);
    if (windowed) {
      text += fmt::format("  window {}: from {} to before {}\n", window.label,
                          format_rfc3339(bounds.from), format_rfc3339(bounds.to));
    }
  }
  if (!windows.contains("28d")) {
    rules.windows.push_back({"28d", std::chrono::days(28), CalendarUnit::week, 0});
  }
  std::set<std::string> features;
  for (const FeatureConfig& feature : usage.features) {
    features.insert(feature.shape.name);
  }
  const Metrics metrics = evaluate(facts, rules, at, live, features, true).metrics;
  text += "\n" + values(question, measure, metrics, windows);
  return text + "\nread by (a bucket at a time, $1 and $2 its bounds):\n" +
         statements(question.feature ? std::set{*question.feature} : features,
                    needs_auxiliary_tables(measure.name), config, usage);
}

}  // namespace usage
