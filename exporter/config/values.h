#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "exporter/base/calendar.h"
#include "exporter/config/yaml_mapping.h"

// Values that several sections have.
namespace usage {

// `path` as written in `file`, seen from the process: relative paths start at the file's folder.
std::string resolve_path(const SourceText& file, const std::string& path);

// False for a config whose name promises that no other file is read.
bool may_read_files(const SourceText& file);

// Reports a name that is not [a-z][a-z0-9_]*. `noun` says what it names: "source".
void check_name(const yaml::Node& key, std::string_view noun, Problems& problems);

// The zone that `key` names; nullopt when the key is absent or, after a report, unknown.
std::optional<TimeZone> read_time_zone(yaml::Mapping& mapping, std::string_view key,
                                       Problems& problems);

// Keeps the lines of the value of `key` out of all messages.
void hide_value(const yaml::Node& key, Problems& problems);

}  // namespace usage
