#include "collectors/sources/sqlite/sqlite_database.h"

#include <sqlite3.h>

#include <thread>

#include "collectors/sources/sqlite/sqlite_text.h"

namespace usage::sqlite {

namespace {

ErrorClass class_of(int code) {
  switch (code & 0xff) {
    case SQLITE_ERROR:
      return ErrorClass::plain;
    case SQLITE_INTERRUPT:
      return ErrorClass::stopped;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorClass::locked;
    case SQLITE_READONLY:
      return ErrorClass::readonly;
    case SQLITE_CANTOPEN:
      return ErrorClass::cannot_open;
    case SQLITE_NOTADB:
      return ErrorClass::not_a_database;
    case SQLITE_CORRUPT:
      return ErrorClass::corrupt;
    default:
      return ErrorClass::other;
  }
}

[[noreturn]] void fail(sqlite3* database, int code) {
  const int extended = database == nullptr ? code : sqlite3_extended_errcode(database);
  throw Failure{class_of(code), extended, database == nullptr ? "" : sqlite3_errmsg(database),
                sqlite3_errstr(code)};
}

void check(sqlite3* database, int code) {
  if (code != SQLITE_OK) {
    fail(database, code);
  }
}

void check(sqlite3_stmt* statement, int code) { check(sqlite3_db_handle(statement), code); }

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

bool Statement::writes() const { return sqlite3_stmt_readonly(handle_.get()) == 0; }

int Statement::column_count() const { return sqlite3_column_count(handle_.get()); }

Column Statement::column(int index) const {
  const char* declared = sqlite3_column_decltype(handle_.get(), index);
  const std::string type = declared == nullptr ? "" : declared;
  return {sqlite3_column_name(handle_.get(), index), sqlite_column_type(type), type};
}

int Statement::parameter_count() const { return sqlite3_bind_parameter_count(handle_.get()); }

std::string Statement::parameter_name(int index) const {
  const char* name = sqlite3_bind_parameter_name(handle_.get(), index);
  return name == nullptr ? "?" : name;
}

void Statement::bind(int index, std::monostate) {
  check(handle_.get(), sqlite3_bind_null(handle_.get(), index));
}

void Statement::bind(int index, bool value) {
  check(handle_.get(), sqlite3_bind_int(handle_.get(), index, value ? 1 : 0));
}

void Statement::bind(int index, std::int64_t value) {
  check(handle_.get(), sqlite3_bind_int64(handle_.get(), index, value));
}

void Statement::bind(int index, double value) {
  check(handle_.get(), sqlite3_bind_double(handle_.get(), index, value));
}

void Statement::bind(int index, std::string_view value) {
  // A view without data would be NULL.
  check(handle_.get(), sqlite3_bind_text64(handle_.get(), index, value.empty() ? "" : value.data(),
                                           value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::bind_view(int index, std::string_view text) {
  check(handle_.get(), sqlite3_bind_text64(handle_.get(), index, text.empty() ? "" : text.data(),
                                           text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind_blob(int index, std::string_view bytes) {
  check(handle_.get(), sqlite3_bind_blob64(handle_.get(), index, bytes.empty() ? "" : bytes.data(),
                                           bytes.size(), SQLITE_TRANSIENT));
}

bool Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) {
    return true;
  }
  check(handle_.get(), code == SQLITE_DONE ? SQLITE_OK : code);
  return false;
}

void Statement::reset() { sqlite3_reset(handle_.get()); }

std::optional<Value> Statement::value(int index, bool boolean) const {
  sqlite3_stmt* statement = handle_.get();
  switch (sqlite3_column_type(statement, index)) {
    case SQLITE_INTEGER: {
      const std::int64_t integer = sqlite3_column_int64(statement, index);
      if (boolean && (integer == 0 || integer == 1)) {
        return integer == 1;
      }
      return integer;
    }
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, index);
    case SQLITE_TEXT: {
      const unsigned char* text = sqlite3_column_text(statement, index);
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, index));
      return std::string_view(reinterpret_cast<const char*>(text), size);
    }
    case SQLITE_NULL:
      return std::monostate{};
    default:
      return std::nullopt;
  }
}

std::string_view Statement::blob(int index) const {
  const void* bytes = sqlite3_column_blob(handle_.get(), index);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), index));
  return {static_cast<const char*>(bytes), size};
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Database::Database(const std::string& path, Mode mode) {
  sqlite3* opened = nullptr;
  const int flags =
      mode == Mode::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(opened);
  check(opened, code);
}

void Database::run(const std::string& sql) {
  check(handle_.get(), sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr));
}

std::optional<Statement> Database::prepare(std::string_view& sql) {
  sqlite3_stmt* statement = nullptr;
  const char* rest = nullptr;
  check(handle_.get(), sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                          &statement, &rest));
  sql.remove_prefix(static_cast<std::size_t>(rest - sql.data()));
  return statement == nullptr ? std::nullopt : std::optional<Statement>(statement);
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

std::int64_t Database::changes() const { return sqlite3_changes64(handle_.get()); }

std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(handle_.get()); }

void Database::watch(std::function<bool()> stop, Duration longest) {
  constexpr int kStepsBetweenChecks = 1000;  // about ten microseconds
  watch_ = std::make_unique<Watch>(Watch{std::move(stop), longest});
  const auto must_stop = [](void* held) { return static_cast<Watch*>(held)->stop() ? 1 : 0; };
  const auto wait = [](void* held, int tries) {
    constexpr auto kPause = std::chrono::milliseconds(10);
    const auto* watch = static_cast<Watch*>(held);
    if (tries * kPause >= watch->longest || watch->stop()) {
      return 0;
    }
    std::this_thread::sleep_for(kPause);
    return 1;
  };
  sqlite3_progress_handler(handle_.get(), kStepsBetweenChecks, must_stop, watch_.get());
  sqlite3_busy_handler(handle_.get(), wait, watch_.get());
}

}  // namespace usage::sqlite
