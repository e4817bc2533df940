#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/sources/sqlite/sqlite_database.h"

// The database below the state file; nobody else includes this.
namespace usage::state {

// Thrown when the bytes in the file are not what was written to it.
struct Damaged {
  std::string what;
};

// Bodies by kind, name and number. Each is kept compressed and carries its key and a checksum, so
// that no damage goes unseen.
class BlobStore {
 public:
  // Creates a missing file, and upgrades an old one. Throws Error, or Damaged.
  explicit BlobStore(const std::string& path);

  void begin();
  void commit();
  void roll_back();

  void put(std::string_view kind, std::string_view name, std::int64_t number,
           std::string_view body);
  void erase(std::string_view kind, std::string_view name, std::int64_t number);
  void erase_all(std::string_view kind, std::string_view name);
  void erase_name(std::string_view name);  // of every kind
  std::optional<std::string> get(std::string_view kind, std::string_view name, std::int64_t number);
  // In the order of numbers.
  void each(std::string_view kind, std::string_view name,
            const std::function<void(std::int64_t number, const std::string& body)>& visit);
  void each_name(std::string_view kind, const std::function<void(const std::string&)>& visit);

  // Leaves nothing of what was erased in any file.
  void scrub();

 private:
  sqlite::Statement statement(std::string_view sql);
  void write(const std::function<void()>& action);
  void open();

  std::string path_;
  sqlite::Database database_;
};

// Runs an action on the file; SQLite's failures become Damaged or Error(io).
void attempt(const std::string& what, const std::string& path, const std::function<void()>& action);

// From format 1, which kept every bucket by itself, as it is, in tables of its own.
void upgrade_from_1(sqlite::Database& database, BlobStore& blobs);

}  // namespace usage::state
