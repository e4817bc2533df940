#pragma once

#include <string>

#include "exporter/config/config.h"

namespace usage {

// Reads the key "ingest" of a source; `what` names the source in messages.
void read_ingest(SourceConfig& source, const std::string& what, const yaml::Node& node,
                 Problems& problems);

// Reports keys that two sources share: a key says which source an event is for.
void refuse_shared_keys(const Config& config, Problems& problems);

}  // namespace usage
