#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/events/journal.h"
#include "collectors/sources/sqlite/sqlite_database.h"

// The database below the journal; nobody else includes this.
namespace usage::journal {

// Of the row that a statement stands on; 0 for what is no integer.
std::int64_t integer(const sqlite::Statement& row, int column);

// The file and what is asked of it all the time. A temporary one need not survive a loss of power.
// Throws sqlite::Failure, and Error(config) when a newer program wrote the file.
class Statements {
 public:
  Statements(const std::string& path, bool temporary);

  sqlite::Statement prepare(std::string_view sql) { return *database_.prepare(sql); }
  sqlite::Database& database() { return database_; }

  // All of `action` or nothing.
  template <typename Action>
  void transaction(Journal::Durability durability, const Action& action) {
    begin(durability);
    try {
      action();
      database_.run("COMMIT");
    } catch (...) {
      if (database_.in_transaction()) {
        database_.run("ROLLBACK");
      }
      throw;
    }
  }

  // Steps once; also after a failure the statement can be used again.
  static void run(sqlite::Statement& statement);

 private:
  void open(const std::string& path);
  void begin(Journal::Durability durability);

  const bool temporary_;
  Journal::Durability durability_ = Journal::Durability::commit;
  sqlite::Database database_;

 public:
  sqlite::Statement insert_event, touch, insert_file, update_file, count;
};

}  // namespace usage::journal
