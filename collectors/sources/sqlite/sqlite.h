#pragma once

#include <memory>

#include "collectors/api/source.h"
#include "exporter/config/config.h"

namespace usage {

// The file of a database's DSN, or of the journal, opened read-only. Others may write, remove or
// replace the file: each scan reads the one that is there. Values of columns declared BOOLEAN are
// bool; blobs are Error(data). The clock outlives the source.
std::unique_ptr<Source> open_sqlite(const SourceConfig& config, const Clock& clock);

}  // namespace usage
