#include "collectors/usage/config/target_config.h"

#include <algorithm>
#include <cmath>

#include "collectors/measures/targets/targets.h"
#include "collectors/usage/config/common_keys.h"
#include "collectors/usage/config/windows_config.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

using std::chrono::days;

constexpr Duration kLongest = days(3660);

struct TargetReader {
  const UsageConfig& usage;
  Problems& problems;
};

std::vector<std::string> phase_names(const UsageConfig& usage) {
  std::vector<std::string> names;
  for (const Phase& phase : usage.rules.phases) {
    names.push_back(phase.name);
  }
  return names;
}

const Combination* find_combination(const UsageConfig& usage, const std::string& name) {
  const auto found =
      std::find_if(usage.rules.combinations.begin(), usage.rules.combinations.end(),
                   [&](const Combination& combination) { return combination.name == name; });
  return found == usage.rules.combinations.end() ? nullptr : &*found;
}

std::vector<std::string> features_of(const UsageConfig& usage, const std::string& subject) {
  const Combination* combination = find_combination(usage, subject);
  return combination == nullptr ? std::vector{subject} : combination->features;
}

// The launch of a feature. A combination of any has that of its first feature, one of all that of
// its last, as in EvaluationContext::begin_of.
std::optional<Instant> launch_of(const UsageConfig& usage, const std::string& subject) {
  const Combination* combination = find_combination(usage, subject);
  std::optional<Instant> launch;
  for (const std::string& feature : features_of(usage, subject)) {
    const auto launched = usage.rules.features.at(feature).launched_at;
    if (!launched) {
      return std::nullopt;
    }
    const bool later = combination != nullptr && combination->all;
    launch = !launch ? *launched
             : later ? std::max(*launch, *launched)
                     : std::min(*launch, *launched);
  }
  return launch;
}

// A feature, a combination or empty after a report.
std::string read_subject(const TargetReader& reader, yaml::Mapping& mapping) {
  const yaml::Node* node = mapping.require("feature");
  const auto name = node ? mapping.string("feature") : std::nullopt;
  if (!name) {
    return {};
  }
  std::vector<std::string> known;
  for (const FeatureConfig& feature : reader.usage.features) {
    known.push_back(feature.shape.name);
  }
  for (const Combination& combination : reader.usage.rules.combinations) {
    known.push_back(combination.name);
  }
  if (std::find(known.begin(), known.end(), *name) != known.end()) {
    return *name;
  }
  mapping.problem("feature",
                  fmt::format("{} is about the feature {}, which is neither a feature nor a "
                              "combination{}",
                              mapping.what(), yaml::quoted(*node), did_you_mean(*name, known)));
  return {};
}

void check_measure(const TargetReader& reader, yaml::Mapping& mapping, const TargetMeasure& measure,
                   const std::string& subject) {
  if (!measure.of_combinations && find_combination(reader.usage, subject) != nullptr) {
    mapping.problem("measure", fmt::format("the measure {} is of single features, and \"{}\" is a "
                                           "combination",
                                           measure.name, subject));
    return;
  }
  const std::string_view lacks = measure.lacks(reader.usage.rules, subject);
  if (!lacks.empty()) {
    mapping.problem("measure", fmt::format("the measure {} needs {}", measure.name, lacks));
  }
  for (const std::string& feature : features_of(reader.usage, subject)) {
    if (!measure.applies(reader.usage.feature(feature).shape)) {
      mapping.problem(
          "measure", fmt::format("feature \"{}\" has no {}: it lacks a column that this needs ({})",
                                 feature, measure.name, measure.metric));
    }
  }
}

void read_window(const TargetReader& reader, yaml::Mapping& mapping, Target& target,
                 const std::optional<std::string>& name) {
  const TargetMeasure& measure = *target.measure;
  if (!measure.has_windows && name) {
    mapping.problem("measure", fmt::format("the measure {} has a window of its own; write \"{}\"",
                                           measure.name, measure.name));
  }
  if (!measure.has_windows) {
    return;
  }
  std::vector<std::string> labels;
  for (const Window& window : reader.usage.rules.windows) {
    const bool open = !window.rolling && window.offset == 0;
    if (!open) {
      labels.push_back(window.label);
    }
    if (name && window.label == *name) {
      target.window = window;
      if (open) {
        mapping.problem("measure",
                        fmt::format("the window {} is not over before its end, so nothing "
                                    "can be judged by it; use a rolling or a complete one",
                                    *name));
      }
    }
  }
  if (!name) {
    mapping.problem("measure",
                    fmt::format("the measure {} needs a window, such as \"{}/{}\"", measure.name,
                                measure.name, labels.empty() ? "7d" : labels.front()));
  } else if (!target.window) {
    mapping.problem(
        "measure", fmt::format("the window {} of {} is not one of \"windows\"; there are {}", *name,
                               mapping.what(), fmt::join(labels, ", ")));
  }
}

void read_measure(const TargetReader& reader, yaml::Mapping& mapping, Target& target) {
  const yaml::Node* node = mapping.require("measure");
  const auto text = node ? mapping.string("measure") : std::nullopt;
  if (!text) {
    return;
  }
  const std::size_t slash = text->find('/');
  const std::string name = text->substr(0, slash);
  std::vector<std::string> names;
  for (const TargetMeasure& measure : target_measures()) {
    names.emplace_back(measure.name);
    if (measure.name == name) {
      target.measure = &measure;
    }
  }
  if (target.measure == nullptr) {
    mapping.problem("measure", fmt::format("{} is no measure of targets{}", yaml::quoted(*node),
                                           did_you_mean(name, names)));
    return;
  }
  read_window(reader, mapping, target,
              slash == std::string::npos ? std::nullopt : std::optional(text->substr(slash + 1)));
  if (!target.subject.empty()) {
    check_measure(reader, mapping, *target.measure, target.subject);
  }
}

std::optional<double> read_finite(yaml::Mapping& mapping, std::string_view key) {
  const auto number = mapping.number(key);
  if (number && !std::isfinite(*number)) {
    mapping.problem(key, fmt::format("\"{}\" in {} must be a finite number", key, mapping.what()));
  }
  return number;
}

void read_threshold(yaml::Mapping& mapping, Target& target) {
  const bool most = mapping.has("max");
  if (most == mapping.has("min")) {
    mapping.problem("max",
                    fmt::format("{} needs either \"min\" (at least so much) or \"max\" (at most)",
                                mapping.what()));
  }
  const std::string_view key = most ? "max" : "min";
  target.comparison = most ? Comparison::max : Comparison::min;
  target.threshold = read_finite(mapping, key).value_or(0);
  target.strict = mapping.boolean("strict").value_or(false);
  target.stretch = read_finite(mapping, "stretch");
  target.baseline = read_finite(mapping, "baseline").value_or(0);
  const bool ratio = target.measure != nullptr && target.measure->unit == "ratio";
  if (ratio && std::abs(target.threshold) > 1) {
    mapping.problem(key,
                    fmt::format("{} is a ratio, and 1 is all; for percent write 0.5 instead of 50",
                                target.measure->name));
  }
  if (target.stretch && (*target.stretch < target.threshold) != most) {
    mapping.problem("stretch",
                    fmt::format("\"stretch\" in {} must be beyond \"{}\"", mapping.what(), key));
  }
}

// Reads a time, or a duration since the launch.
std::optional<Instant> read_moment(yaml::Mapping& mapping, std::string_view key,
                                   const std::optional<Instant>& launch) {
  const auto text = mapping.string(key);
  if (!text) {
    return std::nullopt;
  }
  if (const auto at = parse_rfc3339(*text)) {
    return at;
  }
  const auto after = parse_duration(*text);
  if (!after || *after > kLongest) {
    mapping.problem(key,
                    fmt::format("\"{}\" in {} must be a duration since the launch such as 30d, or "
                                "a time such as 2026-09-11",
                                key, mapping.what()));
    return std::nullopt;
  }
  if (!launch) {
    mapping.problem(key,
                    fmt::format("\"{}\" in {} counts from the launch, which is not known; give the "
                                "feature a \"launched_at\" or write a time",
                                key, mapping.what()));
    return std::nullopt;
  }
  return *launch + *after;
}

void read_period(const TargetReader& reader, yaml::Mapping& mapping, Target& target) {
  const auto launch =
      target.subject.empty() ? std::nullopt : launch_of(reader.usage, target.subject);
  if (!mapping.has("start") && !launch && !target.subject.empty()) {
    mapping.problem("start", fmt::format("{} begins with the launch, which is not known; give the "
                                         "feature a \"launched_at\" or the target a \"start\"",
                                         mapping.what()));
  }
  const auto start = mapping.has("start") ? read_moment(mapping, "start", launch) : launch;
  mapping.require("due");
  const auto due = target.subject.empty() ? std::nullopt : read_moment(mapping, "due", launch);
  if (start && due && *due <= *start) {
    mapping.problem("due", fmt::format("{} is due before it starts", mapping.what()));
  }
  target.start = start.value_or(Instant());
  target.due = due.value_or(Instant());
}

Target read_target(const TargetReader& reader, const yaml::Entry& entry) {
  Target target;
  target.id = entry.key.text;
  yaml::Mapping mapping(entry.value, fmt::format("target {}", yaml::quoted(entry.key)),
                        reader.problems);
  if (!entry.value.is_mapping()) {
    return target;
  }
  target.subject = read_subject(reader, mapping);
  if (!target.subject.empty()) {
    target.source =
        reader.usage.feature(features_of(reader.usage, target.subject).front()).uses.source;
  }
  read_measure(reader, mapping, target);
  read_threshold(mapping, target);
  read_period(reader, mapping, target);
  const std::vector<std::string> phases = phase_names(reader.usage);
  if (mapping.has("phase") && phases.empty()) {
    mapping.problem("phase",
                    fmt::format("{} names a phase, and there are no \"phases\"", mapping.what()));
  } else if (const auto phase = mapping.choice("phase", phases)) {
    target.phase = phases[*phase];
  }
  static const std::vector<std::string> kSeverities{"info", "warning", "critical"};
  if (const auto severity = mapping.choice("severity", kSeverities)) {
    target.severity = kSeverities[*severity];
  }
  target.owner = mapping.string("owner").value_or("");
  const auto mode = mapping.choice("mode", {"sustained", "by_due", "at_due"});
  target.mode = static_cast<TargetMode>(mode.value_or(0));
  const auto people = mapping.integer("min_population", 0, 1'000'000'000);
  target.min_population = static_cast<std::uint64_t>(people.value_or(20));
  mapping.finish();
  return target;
}

}  // namespace

std::vector<Phase> read_phases(yaml::Mapping& outer, Problems& problems) {
  std::vector<Phase> phases;
  for (const auto& [key, value] : outer.entries("phases")) {
    yaml::Mapping mapping(value, fmt::format("phase {}", yaml::quoted(key)), problems);
    Phase phase{key.text, {}, {}};
    if (value.is_mapping()) {
      phase.from = mapping.duration("from", Duration{}, kLongest).value_or(Duration{});
      mapping.require("until");
      phase.until = mapping.duration("until", Duration{}, kLongest).value_or(kLongest);
      if (phase.until <= phase.from) {
        mapping.problem("until", fmt::format("{} ends before it begins", mapping.what()));
      }
      mapping.finish();
    }
    phases.push_back(std::move(phase));
  }
  return phases;
}

std::vector<Target> read_targets(yaml::Mapping& outer, const UsageConfig& usage,
                                 Problems& problems) {
  std::vector<Target> targets;
  for (const yaml::Entry& entry : outer.entries("targets")) {
    targets.push_back(read_target({usage, problems}, entry));
  }
  return targets;
}

}  // namespace usage
