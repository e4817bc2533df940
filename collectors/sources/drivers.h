#pragma once

#include <memory>
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
};

const std::vector<Driver>& driver_table();

// What reads the source: the driver of its database, or that of the journal, which is SQLite.
// Throws Error(config) when there is none.
const Driver& driver_of(const SourceConfig& config);

const Dialect& dialect_of(const SourceConfig& config);

// Connects to nothing. The clock outlives the source. Throws Error.
std::unique_ptr<Source> open_source(const SourceConfig& config, const Clock& clock);

// Connects at once; creates a missing SQLite file. Throws Error.
std::unique_ptr<Writer> open_writer(const Secret& dsn);

}  // namespace usage
