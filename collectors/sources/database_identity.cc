#include "collectors/sources/database_identity.h"

#include <filesystem>

#include "collectors/sources/postgres/postgres_connection.h"
#include "collectors/sources/sqlite/sqlite_text.h"

namespace usage {

std::string database_identity(const SourceConfig& source) {
  if (source.driver == "sqlite") {
    return std::filesystem::absolute(sqlite_path(source.dsn.reveal())).lexically_normal();
  }
  return source.driver == "postgresql" ? postgres::database_of(source.dsn) : std::string();
}

}  // namespace usage
