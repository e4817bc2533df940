#pragma once

#include <string>

#include "exporter/config/config.h"

namespace usage {

// Which database a source reads: equal texts are the same one, whoever connects to it and how.
// Holds no user, password or option. Empty for logs and clients' events, which lie in the journal.
// Connects to nothing. Throws Error for a dsn that cannot be understood.
std::string database_identity(const SourceConfig& source);

}  // namespace usage
