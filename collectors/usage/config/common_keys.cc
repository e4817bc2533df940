#include "collectors/usage/config/common_keys.h"

#include <algorithm>

#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"
#include "exporter/config/sources.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

std::vector<std::string> source_names(const Config& config) {
  std::vector<std::string> names;
  for (const SourceConfig& source : config.sources) {
    names.push_back(source.name);
  }
  return names;
}

}  // namespace

std::string read_source_name(yaml::Mapping& mapping, const Config& config) {
  const std::vector<std::string> known = source_names(config);
  if (!mapping.has("source") && known.size() == 1) {
    return known.front();
  }
  const yaml::Node* node = mapping.require("source");
  const auto name = node ? mapping.string("source") : std::nullopt;
  if (!name || known.empty()) {
    return {};
  }
  if (std::find(known.begin(), known.end(), *name) == known.end()) {
    mapping.problem("source",
                    fmt::format("{} reads the source {}, which is not defined{}", mapping.what(),
                                yaml::quoted(*node), did_you_mean(*name, known)));
    return {};
  }
  return *name;
}

std::string read_name(yaml::Mapping& mapping, std::string_view key) {
  return mapping.has(key) ? mapping.require_string(key) : std::string();
}

std::optional<TimeFormat> read_time_format(yaml::Mapping& mapping, const Config& config,
                                           const std::string& source) {
  const auto choice = mapping.choice("time_format", {"text", "iso8601", "unix", "unix_ms"});
  if (!choice) {
    return std::nullopt;
  }
  const SourceConfig* const read = source.empty() ? nullptr : &config.source(source);
  if (read != nullptr && read->database() != nullptr && !takes_key(*read, "time_format")) {
    mapping.problem("time_format",
                    fmt::format("\"time_format\" in {} is for SQLite, and source \"{}\" "
                                "has types for times; remove it",
                                mapping.what(), source));
  }
  return static_cast<TimeFormat>(*choice);
}

std::vector<std::string> read_values(yaml::Mapping& mapping, std::string_view key,
                                     Problems& problems) {
  std::vector<std::string> values = mapping.strings(key);
  const yaml::Node* node = mapping.find(key);
  if (node != nullptr && node->kind == yaml::Node::Kind::sequence && node->items.empty()) {
    mapping.problem(key, fmt::format("\"{}\" in {} is an empty list", key, mapping.what()));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::find(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(i), values[i]) !=
        values.begin() + static_cast<std::ptrdiff_t>(i)) {
      problems.add(node->items[i].position,
                   fmt::format("{} is in \"{}\" twice", yaml::quoted(node->items[i]), key));
    }
  }
  return values;
}

std::optional<Instant> read_time(yaml::Mapping& mapping, std::string_view key) {
  const auto text = mapping.string(key);
  const auto at = text ? parse_rfc3339(*text) : std::nullopt;
  if (text && !at) {
    mapping.problem(key, fmt::format("\"{}\" in {} must be a time such as 2026-09-11 or "
                                     "2026-09-11T08:00:00Z",
                                     key, mapping.what()));
  }
  return at;
}

}  // namespace usage
