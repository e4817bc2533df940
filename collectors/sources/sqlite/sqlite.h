#pragma once

#include <memory>
#include <string>

#include "collectors/api/source.h"
#include "collectors/api/writer.h"
#include "exporter/base/secret.h"
#include "exporter/config/config.h"

namespace usage {

// A file opened read-only. The file may be written by others meanwhile, removed, or replaced by
// another: each scan reads the file that is there. Values of columns declared BOOLEAN are bool;
// blobs are Error(data). The clock outlives the source.
std::unique_ptr<Source> open_sqlite(const SourceConfig& config, const Clock& clock);

// Creates a missing file. Throws Error.
std::unique_ptr<Writer> open_sqlite_writer(const Secret& dsn);

}  // namespace usage
