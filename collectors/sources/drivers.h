#pragma once

#include <memory>

#include "collectors/api/source.h"
#include "collectors/api/writer.h"
#include "exporter/base/clock.h"
#include "exporter/base/secret.h"
#include "exporter/config/config.h"

namespace usage {

// The source of config.driver. Connects to nothing. The clock outlives the source. Throws Error.
std::unique_ptr<Source> open_source(const SourceConfig& config, const Clock& clock);

// Connects at once; creates a missing SQLite file. Throws Error.
std::unique_ptr<Writer> open_writer(const Secret& dsn);

}  // namespace usage
