#include "collectors/state/blob_store.h"

#include <limits>

#include "collectors/facts/codec.h"
#include "collectors/state/state_file.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/gzip.h"

namespace usage::state {

namespace {

using sqlite::ErrorClass;
using sqlite::Failure;
using sqlite::Statement;

constexpr std::chrono::seconds kLongestLock{10};
constexpr std::size_t kLongestBody = std::size_t{1} << 30;

constexpr char kSchema[] =
    "CREATE TABLE pieces(kind TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL, "
    "body BLOB NOT NULL, PRIMARY KEY(kind, name, number))";

std::string key_of(std::string_view kind, std::string_view name, std::int64_t number) {
  std::string key;
  codec::put_text(key, kind);
  codec::put_text(key, name);
  codec::put_number(key, static_cast<std::uint64_t>(number));
  return key;
}

std::string opened(std::string_view kind, std::string_view name, std::int64_t number,
                   std::string_view blob) {
  const std::string key = key_of(kind, name, number);
  std::string text;
  try {
    text = gunzip(blob, kLongestBody);
  } catch (const Error&) {
    throw Damaged{"a checksum is wrong"};
  }
  if (!text.starts_with(key)) {
    throw Damaged{"facts lie where others belong"};
  }
  return text.substr(key.size());
}

}  // namespace

void attempt(const std::string& what, const std::string& path,
             const std::function<void()>& action) {
  try {
    action();
  } catch (const Failure& failure) {
    if (failure.error_class == ErrorClass::corrupt ||
        failure.error_class == ErrorClass::not_a_database) {
      throw Damaged{std::string(failure.plain)};
    }
    throw Error(
        Reason::io,
        fmt::format("cannot {} the state file {}: {}; check that the disk has room and that "
                    "the folder may be written",
                    what, path, failure.plain));
  }
}

BlobStore::BlobStore(const std::string& path)
    : path_(path), database_([&]() -> sqlite::Database {
        std::optional<sqlite::Database> database;
        attempt("open", path, [&] { database.emplace(path, sqlite::Mode::write); });
        return std::move(*database);
      }()) {
  attempt("open", path_, [&] { open(); });
}

void BlobStore::open() {
  database_.watch([] { return false; }, kLongestLock);
  database_.run(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; "
      "PRAGMA temp_store = MEMORY");
  std::string verdict;
  std::int64_t format_of_file = 0;
  {
    // Not quick_check: a damaged key shows only against the index.
    Statement check = statement("PRAGMA integrity_check(1)");
    if (check.step()) {
      verdict = check.blob(0);
    }
    Statement version = statement("PRAGMA user_version");
    if (version.step()) {
      format_of_file = std::get<std::int64_t>(version.value(0, false).value());
    }
  }
  if (verdict != "ok") {
    throw Damaged{"SQLite's check of the file failed"};
  }
  if (format_of_file > StateFile::kFormat) {
    throw Error(
        Reason::config,
        fmt::format("the state file {} has format {}, and this program knows formats up to {}; "
                    "use the newer program that wrote it, or another folder",
                    path_, format_of_file, StateFile::kFormat));
  }
  if (format_of_file == StateFile::kFormat) {
    return;
  }
  begin();
  database_.run(kSchema);
  if (format_of_file == 1) {
    upgrade_from_1(database_, *this);
  }
  database_.run(fmt::format("PRAGMA user_version = {}", StateFile::kFormat));
  commit();
}

Statement BlobStore::statement(std::string_view sql) { return *database_.prepare(sql); }

void BlobStore::write(const std::function<void()>& action) {
  try {
    attempt("write", path_, action);
  } catch (const Damaged& damaged) {
    throw Error(Reason::io,
                fmt::format("cannot write the state file {}: it is damaged ({}); the next "
                            "start moves it aside and reads all facts anew",
                            path_, damaged.what));
  }
}

void BlobStore::begin() {
  write([&] { database_.run("BEGIN IMMEDIATE"); });
}

void BlobStore::commit() {
  write([&] { database_.run("COMMIT"); });
}

void BlobStore::roll_back() {
  if (database_.in_transaction()) {  // SQLite does it by itself after some failures
    write([&] { database_.run("ROLLBACK"); });
  }
}

void BlobStore::put(std::string_view kind, std::string_view name, std::int64_t number,
                    std::string_view body) {
  const std::string blob = gzip(key_of(kind, name, number).append(body));
  write([&] {
    Statement insert = statement("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?)");
    insert.bind(1, kind);
    insert.bind(2, name);
    insert.bind(3, number);
    insert.bind_blob(4, blob);
    insert.step();
  });
}

void BlobStore::erase(std::string_view kind, std::string_view name, std::int64_t number) {
  write([&] {
    Statement erase = statement("DELETE FROM pieces WHERE kind = ? AND name = ? AND number = ?");
    erase.bind(1, kind);
    erase.bind(2, name);
    erase.bind(3, number);
    erase.step();
  });
}

void BlobStore::erase_all(std::string_view kind, std::string_view name) {
  write([&] {
    Statement erase = statement("DELETE FROM pieces WHERE kind = ? AND name = ?");
    erase.bind(1, kind);
    erase.bind(2, name);
    erase.step();
  });
}

void BlobStore::erase_name(std::string_view name) {
  write([&] {
    Statement erase = statement("DELETE FROM pieces WHERE name = ?");
    erase.bind(1, name);
    erase.step();
  });
}

std::optional<std::string> BlobStore::get(std::string_view kind, std::string_view name,
                                          std::int64_t number) {
  std::optional<std::string> body;
  attempt("read", path_, [&] {
    Statement select =
        statement("SELECT body FROM pieces WHERE kind = ? AND name = ? AND number = ?");
    select.bind(1, kind);
    select.bind(2, name);
    select.bind(3, number);
    if (select.step()) {
      body = opened(kind, name, number, select.blob(0));
    }
  });
  return body;
}

void BlobStore::each(std::string_view kind, std::string_view name,
                     const std::function<void(std::int64_t, const std::string&)>& visit) {
  attempt("read", path_, [&] {
    Statement select =
        statement("SELECT number, body FROM pieces WHERE kind = ? AND name = ? ORDER BY number");
    select.bind(1, kind);
    select.bind(2, name);
    while (select.step()) {
      const auto number = select.value(0, false);
      if (!number || !std::holds_alternative<std::int64_t>(*number)) {
        throw Damaged{"a number is none"};
      }
      const auto place = std::get<std::int64_t>(*number);
      visit(place, opened(kind, name, place, select.blob(1)));
    }
  });
}

void BlobStore::each_name(std::string_view kind,
                          const std::function<void(const std::string&)>& visit) {
  attempt("read", path_, [&] {
    Statement select = statement("SELECT DISTINCT name FROM pieces WHERE kind = ?");
    select.bind(1, kind);
    while (select.step()) {
      visit(std::string(select.blob(0)));
    }
  });
}

void BlobStore::scrub() {
  write([&] {
    database_.run("VACUUM");
    database_.run("PRAGMA wal_checkpoint(TRUNCATE)");
  });
}

}  // namespace usage::state
