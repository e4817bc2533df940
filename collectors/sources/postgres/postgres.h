#pragma once

#include <memory>

#include "collectors/api/source.h"
#include "exporter/config/config.h"

namespace usage {

// One connection by libpq. Numeric, date, uuid and other types come as the text that psql prints;
// `timestamp` without zone is read in config.naive_time_zone. `config` is a database's; the clock
// outlives the source. Throws Error(config) for a DSN that libpq cannot read.
std::unique_ptr<Source> open_postgres(const SourceConfig& config, const Clock& clock);

}  // namespace usage
