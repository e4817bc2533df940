#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/api/dialect.h"
#include "collectors/api/source.h"
#include "collectors/api/writer.h"
#include "exporter/base/clock.h"
#include "exporter/base/secret.h"
#include "exporter/config/config.h"

namespace usage {

// A driver's row in the table; what reading a config takes of it is in exporter/config/drivers.cc.
struct Driver {
  std::string_view name;  // DriverInfo::name
  const Dialect& (*dialect)();
  std::unique_ptr<Source> (*open)(const SourceConfig& config, const Clock& clock);
  std::unique_ptr<Writer> (*open_writer)(const Secret& dsn);
  // Which database a DSN names: host, port and database, or a file. Holds no user, password or
  // option. Throws Error for a DSN that cannot be understood.
  std::string (*identity)(const Secret& dsn);
};

const std::vector<Driver>& driver_table();

// What reads the source: the driver of its database, or that of the journal, which is SQLite.
// Throws Error(config) when there is none.
const Driver& driver_of(const SourceConfig& config);

const Dialect& dialect_of(const SourceConfig& config);

// Which database a source reads: equal texts are the same one, whoever connects to it and how.
// Empty for logs and clients' events, which lie in the journal. Connects to nothing. Throws Error.
std::string database_identity(const SourceConfig& config);

// Connects to nothing. The clock outlives the source. Throws Error.
std::unique_ptr<Source> open_source(const SourceConfig& config, const Clock& clock);

// Connects at once; creates a missing SQLite file. Throws Error.
std::unique_ptr<Writer> open_writer(const Secret& dsn);

}  // namespace usage
