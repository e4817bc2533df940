#include "collectors/sources/drivers.h"

#include <algorithm>
#include <filesystem>

#include "collectors/sources/postgres/postgres.h"
#include "collectors/sources/postgres/postgres_connection.h"
#include "collectors/sources/postgres/postgres_dialect.h"
#include "collectors/sources/postgres/postgres_writer.h"
#include "collectors/sources/sqlite/sqlite.h"
#include "collectors/sources/sqlite/sqlite_dialect.h"
#include "collectors/sources/sqlite/sqlite_text.h"
#include "collectors/sources/sqlite/sqlite_writer.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/config/drivers.h"

namespace usage {

namespace {

constexpr std::string_view kJournalDriver = "sqlite";

std::string sqlite_identity(const Secret& dsn) {
  return std::filesystem::absolute(sqlite_path(dsn.reveal())).lexically_normal();
}

const Driver* find_row(std::string_view name) {
  const auto found = std::ranges::find(driver_table(), name, &Driver::name);
  return found == driver_table().end() ? nullptr : &*found;
}

}  // namespace

const std::vector<Driver>& driver_table() {
  static const std::vector<Driver> kTable{
      {"sqlite", sqlite_dialect, open_sqlite, open_sqlite_writer, sqlite_identity},
      {"postgresql", postgres_dialect, open_postgres, open_postgres_writer, postgres::database_of},
  };
  return kTable;
}

const Driver& driver_of(const SourceConfig& config) {
  const DatabaseConfig* const database = config.database();
  const std::string_view name = database == nullptr ? kJournalDriver : database->driver;
  const Driver* const row = find_row(name);
  if (row == nullptr) {
    throw Error(Reason::config,
                fmt::format("source \"{}\": there is no driver \"{}\"", config.name, name));
  }
  return *row;
}

const Dialect& dialect_of(const SourceConfig& config) { return driver_of(config).dialect(); }

std::string database_identity(const SourceConfig& config) {
  const DatabaseConfig* const database = config.database();
  return database == nullptr ? std::string() : driver_of(config).identity(database->dsn);
}

std::unique_ptr<Source> open_source(const SourceConfig& config, const Clock& clock) {
  return driver_of(config).open(config, clock);
}

std::unique_ptr<Writer> open_writer(const Secret& dsn) {
  const std::string_view text = dsn.reveal();
  const DriverInfo* const info = driver_of_scheme(text.substr(0, text.find(':')));
  const Driver* const row = info == nullptr ? nullptr : find_row(info->name);
  if (row == nullptr) {
    throw Error(Reason::config,
                "the dsn to write to begins with no known scheme; write sqlite:/path/file.db or "
                "postgresql://user@host/database");
  }
  return row->open_writer(dsn);
}

}  // namespace usage
