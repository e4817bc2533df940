#pragma once

#include "exporter/config/config.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

// Reads the keys "log" and "ingest" of a source; false when it has neither.
bool read_input(SourceConfig& source, yaml::Mapping& mapping, Problems& problems);

}  // namespace usage
