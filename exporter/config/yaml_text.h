#pragma once

#include <cstddef>
#include <memory>

#include "exporter/base/diagnostics.h"

// Bytes and positions, for yaml.cc.
namespace usage::yaml {

Position position_at(const std::shared_ptr<const SourceText>& file, std::size_t offset);

// False, with a problem, for what yaml-cpp would misread or guess at: more than kMaxFileBytes, NUL
// bytes, anything but UTF-8.
bool is_utf8_text(const std::shared_ptr<const SourceText>& file, Problems& problems);

}  // namespace usage::yaml
