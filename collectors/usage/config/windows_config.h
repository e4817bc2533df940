#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collectors/usage/config/usage_config.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

// The window that a text names; nullopt when it names none.
std::optional<Window> window_of(const std::string& text, Duration bucket);

std::vector<Window> read_windows(yaml::Mapping& mapping, Duration bucket, Problems& problems);

std::vector<RefreshTier> read_recount(yaml::Mapping& mapping, Problems& problems);

}  // namespace usage
