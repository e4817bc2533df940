#pragma once

#include <memory>

#include "collectors/api/writer.h"
#include "exporter/base/secret.h"

namespace usage {

// Creates a missing file. Throws Error.
std::unique_ptr<Writer> open_sqlite_writer(const Secret& dsn);

}  // namespace usage
