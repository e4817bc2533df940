#pragma once

#include <string>

#include "exporter/config/config.h"

namespace usage {

// Makes Config::shown. The document is a mapping; `config` was read from it.
std::string shown_config(const yaml::Node& document, const Config& config);

}  // namespace usage
