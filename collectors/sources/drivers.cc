#include "collectors/sources/drivers.h"

#include "collectors/sources/postgres/postgres.h"
#include "collectors/sources/sqlite/sqlite.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage {

std::unique_ptr<Source> open_source(const SourceConfig& config, const Clock& clock) {
  if (config.driver == "sqlite" || config.driver == "log" || config.driver == "ingest") {
    return open_sqlite(config, clock);
  }
  if (config.driver == "postgresql") {
    return open_postgres(config, clock);
  }
  throw Error(Reason::config,
              fmt::format("source \"{}\": there is no driver \"{}\"", config.name, config.driver));
}

std::unique_ptr<Writer> open_writer(const Secret& dsn) {
  const std::string driver =
      driver_of_scheme(std::string_view(dsn.reveal()).substr(0, dsn.reveal().find(':')));
  if (driver == "sqlite") {
    return open_sqlite_writer(dsn);
  }
  if (driver == "postgresql") {
    return open_postgres_writer(dsn);
  }
  throw Error(Reason::config,
              "the dsn to write to begins with no known scheme; write sqlite:/path/file.db or "
              "postgresql://user@host/database");
}

}  // namespace usage
