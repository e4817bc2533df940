#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/config/config.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

// Keys that several sections have.

// The source that the key "source" names, or the only one there is; empty after a report.
std::string read_source_name(yaml::Mapping& mapping, const Config& config);

// The name of a column or table; empty if the key is absent.
std::string read_name(yaml::Mapping& mapping, std::string_view key);

std::optional<TimeFormat> read_time_format(yaml::Mapping& mapping, const Config& config,
                                           const std::string& source);

// A list of texts, each once, or one text.
std::vector<std::string> read_values(yaml::Mapping& mapping, std::string_view key,
                                     Problems& problems);

std::optional<Instant> read_time(yaml::Mapping& mapping, std::string_view key);

}  // namespace usage
