#pragma once

#include <memory>

#include "collectors/api/writer.h"
#include "exporter/base/secret.h"

namespace usage {

// Connects at once. Throws Error.
std::unique_ptr<Writer> open_postgres_writer(const Secret& dsn);

}  // namespace usage
