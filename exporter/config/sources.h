#pragma once

#include <string_view>

#include "exporter/config/config.h"

namespace usage {

// One entry of "sources".
SourceConfig read_source(const yaml::Node& key, const yaml::Node& value, Problems& problems);

// True for a database whose driver takes this key, one of DriverInfo::keys.
bool takes_key(const SourceConfig& source, std::string_view key);

}  // namespace usage
