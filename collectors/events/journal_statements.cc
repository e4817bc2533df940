#include "collectors/events/journal_statements.h"

#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage::journal {

namespace {

using sqlite::Statement;

constexpr std::chrono::seconds kLongestLock{10};

constexpr char kSchema[] =
    "CREATE TABLE events("
    "  id INTEGER PRIMARY KEY, source TEXT NOT NULL, event TEXT NOT NULL, time INTEGER NOT NULL,"
    "  user TEXT, message TEXT, fields TEXT NOT NULL);"
    "CREATE INDEX events_by_time ON events(source, event, time);"
    "CREATE UNIQUE INDEX events_by_message ON events(source, message) WHERE message IS NOT NULL;"
    "CREATE TABLE log_files("
    "  id INTEGER PRIMARY KEY, source TEXT NOT NULL, path TEXT NOT NULL, device INTEGER NOT NULL,"
    "  inode INTEGER NOT NULL, fingerprint INTEGER NOT NULL, fingerprint_bytes INTEGER NOT NULL,"
    "  offset INTEGER NOT NULL, size INTEGER NOT NULL, seen INTEGER NOT NULL);"
    "CREATE TABLE counters("
    "  source TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL,"
    "  PRIMARY KEY(source, name)) WITHOUT ROWID;"
    "CREATE TABLE touched("
    "  source TEXT NOT NULL, start INTEGER NOT NULL, last INTEGER NOT NULL,"
    "  PRIMARY KEY(source, start)) WITHOUT ROWID;";

}  // namespace

std::int64_t integer(const Statement& row, int column) {
  const auto value = row.value(column, false);
  return value && std::holds_alternative<std::int64_t>(*value) ? std::get<std::int64_t>(*value) : 0;
}

Statements::Statements(const std::string& path, bool temporary)
    : temporary_(temporary),
      database_(path, sqlite::Mode::write),
      insert_event(
          (open(path), prepare("INSERT INTO events(source, event, time, user, message, fields) "
                               "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"))),
      touch(prepare("INSERT OR REPLACE INTO touched VALUES (?, ?, ?)")),
      insert_file(
          prepare("INSERT INTO log_files(source, path, device, inode, fingerprint, "
                  "fingerprint_bytes, offset, size, seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")),
      update_file(prepare("UPDATE log_files SET source = ?, path = ?, device = ?, inode = ?, "
                          "fingerprint = ?, fingerprint_bytes = ?, offset = ?, size = ?, seen = ? "
                          "WHERE id = ?")),
      count(prepare("INSERT INTO counters VALUES (?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET value = value + excluded.value")) {}

void Statements::begin(Journal::Durability durability) {
  if (durability != durability_ && !temporary_) {
    durability_ = durability;
    database_.run(durability == Journal::Durability::disk ? "PRAGMA synchronous = FULL"
                                                          : "PRAGMA synchronous = NORMAL");
  }
  database_.run("BEGIN IMMEDIATE");
}

void Statements::run(Statement& statement) {
  try {
    statement.step();
  } catch (...) {
    statement.reset();
    throw;
  }
  statement.reset();
}

void Statements::open(const std::string& path) {
  database_.watch([] { return false; }, kLongestLock);
  database_.run(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; "
      "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000");
  if (temporary_) {
    database_.run("PRAGMA synchronous = OFF");
  }
  std::int64_t format_of_file = 0;
  {
    Statement version = prepare("PRAGMA user_version");
    if (version.step()) {
      format_of_file = integer(version, 0);
    }
  }
  if (format_of_file > Journal::kFormat) {
    throw Error(
        Reason::config,
        fmt::format("the journal {} has format {}, and this program knows formats up to {}; "
                    "use the newer program that wrote it, or another folder",
                    path, format_of_file, Journal::kFormat));
  }
  if (format_of_file == 0) {
    transaction(Journal::Durability::commit, [&] {
      database_.run(kSchema);
      database_.run(fmt::format("PRAGMA user_version = {}", Journal::kFormat));
    });
  }
}

}  // namespace usage::journal
