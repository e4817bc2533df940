#pragma once

#include <memory>

#include "collectors/api/source.h"
#include "collectors/api/writer.h"
#include "exporter/base/secret.h"
#include "exporter/config/config.h"

namespace usage {

// One connection by libpq; see source.h. Numeric, date, uuid and other types come as the text that
// psql prints. `timestamp` without zone is read in config.naive_time_zone. The clock outlives the
// source.
std::unique_ptr<Source> open_postgres(const SourceConfig& config, const Clock& clock);

// Throws Error.
std::unique_ptr<Writer> open_postgres_writer(const Secret& dsn);

}  // namespace usage
