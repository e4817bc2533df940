#pragma once

#include "exporter/config/config.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

// One entry of "collectors". `config` has its sources and its time zone. `complete` is false when a
// file could not be read, so that a source may be missing for that reason alone.
CollectorConfig read_collector(const yaml::Node& key, const yaml::Node& value, const Config& config,
                               bool complete, Problems& problems);

// Marks the keys of CollectorConfig as known, for the kind that reads the rest of the mapping.
void mark_common_keys(yaml::Mapping& mapping);

}  // namespace usage
