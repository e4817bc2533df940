#pragma once

#include <string>
#include <vector>

#include "exporter/config/config.h"

// What config.cc is made of; nobody else includes this.
namespace usage {

// `path` as written in `file`, seen from the process: relative paths start at the file's folder.
std::string resolve_path(const SourceText& file, const std::string& path);

// False for a config whose name promises that no other file is read.
bool may_read_files(const SourceText& file);

// Reports a name that is not [a-z][a-z0-9_]*. `noun` is "source" or "collector".
void check_name(const yaml::Node& key, std::string_view noun, Problems& problems);

// The zone named by `key`, or nullopt when it is absent or, after a report, unknown.
std::optional<TimeZone> read_time_zone(yaml::Mapping& mapping, std::string_view key,
                                       Problems& problems);

// No message prints the lines of the value of `key`.
void hide_value(const yaml::Node& key, Problems& problems);

// The part of `source` that is "ingest"; `what` names the source in messages.
void read_ingest(SourceConfig& source, const std::string& what, const yaml::Node& node,
                 Problems& problems);

// Reports keys that do not say which source an event is for.
void refuse_shared_keys(const Config& config, Problems& problems);

// The keys of a source that is no database; false when there are none of these.
bool read_input(SourceConfig& source, yaml::Mapping& mapping, Problems& problems);

// What Config::shown is made of; the document is a mapping.
std::string shown_config(const yaml::Node& document);

SourceConfig read_source(const yaml::Node& key, const yaml::Node& value, Problems& problems);

// `config` has its sources and its time zone. `complete` is false when a file could not be read, so
// that a source may be missing for that reason alone.
CollectorConfig read_collector(const yaml::Node& key, const yaml::Node& value, const Config& config,
                               bool complete, Problems& problems);

}  // namespace usage
