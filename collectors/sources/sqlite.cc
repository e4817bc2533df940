#include "collectors/sources/sqlite.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <atomic>
#include <charconv>
#include <optional>
#include <thread>

#include "collectors/sources/backoff.h"
#include "collectors/sources/sqlite_text.h"
#include "exporter/error.h"
#include "exporter/format.h"

namespace usage {

namespace {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

void bind_text(sqlite3_stmt* statement, int index, std::string_view text) {
  sqlite3_bind_text64(statement, index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void bind(sqlite3_stmt* statement, int index, const Parameter& parameter, TimeFormat time_format) {
  if (const auto* integer = std::get_if<std::int64_t>(&parameter)) {
    sqlite3_bind_int64(statement, index, *integer);
  } else if (const auto* real = std::get_if<double>(&parameter)) {
    sqlite3_bind_double(statement, index, *real);
  } else if (const auto* text = std::get_if<std::string>(&parameter)) {
    bind_text(statement, index, *text);
  } else {
    std::visit([&](const auto& value) { bind(statement, index, value, time_format); },
               sqlite_instant(std::get<Instant>(parameter), time_format));
  }
}

// Which file a path leads to at the moment.
struct FileIdentity {
  dev_t device;
  ino_t inode;
  bool operator==(const FileIdentity&) const = default;
};

std::optional<FileIdentity> identity(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return FileIdentity{status.st_dev, status.st_ino};
}

class SqliteSource : public Source {
 public:
  SqliteSource(const SourceConfig& config, const Clock& clock)
      : name_(config.name),
        path_(sqlite_path(config.dsn.reveal())),
        lock_timeout_(config.lock_timeout),
        time_format_(config.time_format),
        clock_(clock),
        backoff_(clock) {}

  void scan(const Query& query, Deadline deadline, const RowSink& sink) override {
    start(deadline);
    const Statement statement = prepare(query);
    // The columns only now: a schema that changed meanwhile is noticed by the first step.
    bool more = step(statement.get());
    const std::vector<Column> columns = columns_of(statement.get());
    sink.columns(columns);
    std::vector<Value> row(columns.size());
    for (; more; more = step(statement.get())) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        row[i] = value(statement.get(), static_cast<int>(i), columns[i]);
      }
      sink.row(row);
    }
  }

  std::vector<Column> describe(const Query& query, Deadline deadline) override {
    start(deadline);
    return columns_of(prepare(query).get());
  }

  void interrupt() noexcept override { interrupted_ = true; }

 private:
  std::string subject() const { return format("source \"{}\"", name_); }

  void start(Deadline deadline) {
    deadline_ = deadline;
    check_stopped();
    const std::optional<FileIdentity> found = identity(path_);
    if (database_ && found != opened_) {
      database_.reset();
    }
    if (!database_) {
      backoff_.check();
      open(found);
      backoff_.succeeded();
    }
  }

  void open(const std::optional<FileIdentity>& found) {
    if (!found) {
      backoff_.fail(format("{}: there is no file {}; check the path in its dsn", subject(), path_));
    }
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(path_.c_str(), &opened,
                                     SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
    Database database(opened);
    if (code == SQLITE_OK) {
      sqlite3_extended_result_codes(opened, 1);
      sqlite3_busy_handler(opened, &SqliteSource::wait_for_lock, this);
      sqlite3_progress_handler(opened, kStepsBetweenChecks, &SqliteSource::must_stop, this);
      sqlite3_exec(opened, "PRAGMA query_only = on", nullptr, nullptr, nullptr);
    }
    // Opening reads nothing: a file that is no database shows with the first look at its schema.
    if (code != SQLITE_OK || sqlite3_exec(opened, "SELECT 1 FROM sqlite_schema LIMIT 1", nullptr,
                                          nullptr, nullptr) != SQLITE_OK) {
      check_stopped();
      const int reason = opened == nullptr ? code : sqlite3_errcode(opened);
      if ((reason & 0xff) == SQLITE_BUSY) {
        fail(opened, Reason::query);
      }
      backoff_.fail(format("{}: cannot read {}: {}{}", subject(), path_, sqlite3_errstr(reason),
                           mend(reason)));
    }
    database_ = std::move(database);
    opened_ = found;
  }

  static std::string mend(int code) {
    switch (code & 0xff) {
      case SQLITE_NOTADB:
        return "; check that the dsn names a SQLite database";
      case SQLITE_CANTOPEN:
        return "; the exporter's user must be able to read the file, and, when the database is in "
               "WAL mode and nobody has it open, to write its folder";
      case SQLITE_READONLY:
        return "; a writer crashed: let the program that owns the database open it once";
      case SQLITE_CORRUPT:
        return "; run PRAGMA integrity_check on it";
      default:
        return "";
    }
  }

  Statement prepare(const Query& query) {
    const char* rest = nullptr;
    Statement statement(prepare_next(query.sql.data(), query.sql, rest));
    if (!statement) {
      throw Error(Reason::query, format("{}: the query is empty; write one SELECT", subject()));
    }
    sqlite3_stmt* second = nullptr;
    const char* end = query.sql.data() + query.sql.size();
    const int code =
        sqlite3_prepare_v2(database_.get(), rest, static_cast<int>(end - rest), &second, nullptr);
    const Statement finalize_second(second);
    if (second != nullptr || code != SQLITE_OK) {
      throw Error(
          Reason::query,
          format("{}: the query holds more than one statement; write one per query", subject()));
    }
    if (sqlite3_stmt_readonly(statement.get()) == 0) {
      throw Error(Reason::query,
                  format("{}: the query writes; sources are only read, write a SELECT", subject()));
    }
    if (sqlite3_column_count(statement.get()) == 0) {
      throw Error(Reason::query,
                  format("{}: the query gives no columns; write a SELECT", subject()));
    }
    bind_all(statement.get(), query.parameters);
    return statement;
  }

  sqlite3_stmt* prepare_next(const char* begin, const std::string& sql, const char*& rest) {
    sqlite3_stmt* statement = nullptr;
    const auto size = static_cast<int>(sql.data() + sql.size() - begin);
    if (sqlite3_prepare_v2(database_.get(), begin, size, &statement, &rest) != SQLITE_OK) {
      fail(database_.get(), Reason::query);
    }
    return statement;
  }

  void bind_all(sqlite3_stmt* statement, const std::vector<Parameter>& parameters) {
    std::size_t wanted = 0;
    const int count = sqlite3_bind_parameter_count(statement);
    for (int i = 1; i <= count; ++i) {
      const char* given = sqlite3_bind_parameter_name(statement, i);
      const std::string_view parameter = given == nullptr ? "?" : given;
      const char* end = parameter.data() + parameter.size();
      std::size_t number = 0;
      if (parameter.front() != '$' ||
          std::from_chars(parameter.data() + 1, end, number).ptr != end || number == 0) {
        throw Error(Reason::query, format("{}: the query has a parameter {}; write $1, $2 …",
                                          subject(), parameter));
      }
      wanted = std::max(wanted, number);
      if (number <= parameters.size()) {
        bind(statement, i, parameters[number - 1], time_format_);
      }
    }
    if (wanted != parameters.size()) {
      throw Error(Reason::query,
                  format("{}: the query takes {} parameters and {} are given; list one for each of "
                         "$1, $2 …",
                         subject(), wanted, parameters.size()));
    }
  }

  static std::vector<Column> columns_of(sqlite3_stmt* statement) {
    std::vector<Column> columns;
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      const char* declared = sqlite3_column_decltype(statement, i);
      columns.push_back({sqlite3_column_name(statement, i),
                         sqlite_column_type(declared == nullptr ? "" : declared),
                         declared == nullptr ? "" : declared});
    }
    return columns;
  }

  bool step(sqlite3_stmt* statement) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
      return true;
    }
    if (code != SQLITE_DONE) {
      fail(database_.get(), Reason::data);
    }
    return false;
  }

  Value value(sqlite3_stmt* statement, int index, const Column& column) const {
    switch (sqlite3_column_type(statement, index)) {
      case SQLITE_INTEGER: {
        const std::int64_t integer = sqlite3_column_int64(statement, index);
        if (column.type == ColumnType::boolean && (integer == 0 || integer == 1)) {
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
        throw Error(Reason::data,
                    format("{}: column \"{}\" holds a blob, which is neither text nor a number; "
                           "use hex() or length() in the query",
                           subject(), column.name));
    }
  }

  // What SQLite's last error means. `plain` is the reason of an ordinary SQLITE_ERROR.
  [[noreturn]] void fail(sqlite3* database, Reason plain) {
    const int code = sqlite3_extended_errcode(database);
    const std::string message = sqlite3_errmsg(database);
    check_stopped();
    switch (code & 0xff) {
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        throw Error(Reason::timeout,
                    format("{}: {} stayed locked by another program for {}; raise lock_timeout, or "
                           "set the database to WAL mode",
                           subject(), path_, format_duration(lock_timeout_)));
      case SQLITE_CANTOPEN:
      case SQLITE_IOERR:
      case SQLITE_NOTADB:
      case SQLITE_CORRUPT:
      case SQLITE_READONLY:
        if (plain == Reason::data || (code & 0xff) != SQLITE_READONLY) {
          database_.reset();
          throw Error(Reason::unavailable, format("{}: cannot read {}: {}{}", subject(), path_,
                                                  sqlite3_errstr(code), mend(code)));
        }
        break;
      default:
        break;
    }
    // Once rows are read, a message that quotes something may quote a row.
    const bool quotes = message.find_first_of("'\"") != std::string::npos;
    const bool safe = plain == Reason::query || !quotes;
    throw Error(plain, format("{}: SQLite {} the query: {} (code {})", subject(),
                              plain == Reason::query ? "rejected" : "could not compute",
                              safe ? message : sqlite3_errstr(code), code));
  }

  void check_stopped() const {
    if (interrupted_) {
      throw Error(Reason::unavailable, format("{}: interrupted", subject()));
    }
    if (clock_.steady_now() >= deadline_) {
      throw Error(
          Reason::timeout,
          format("{}: the query was cancelled at its deadline; raise the timeout or make the "
                 "query cheaper",
                 subject()));
    }
  }

  static int must_stop(void* self) {
    const auto* source = static_cast<const SqliteSource*>(self);
    return source->interrupted_ || source->clock_.steady_now() >= source->deadline_ ? 1 : 0;
  }

  static int wait_for_lock(void* self, int tries) {
    constexpr auto kPause = std::chrono::milliseconds(10);
    const auto* source = static_cast<const SqliteSource*>(self);
    if (must_stop(self) != 0 || tries * kPause >= source->lock_timeout_) {
      return 0;
    }
    std::this_thread::sleep_for(kPause);
    return 1;
  }

  // Steps of SQLite's machine, some ten microseconds.
  static constexpr int kStepsBetweenChecks = 1000;

  std::string name_;
  std::string path_;
  Duration lock_timeout_;
  TimeFormat time_format_;
  const Clock& clock_;
  Backoff backoff_;
  Deadline deadline_{};
  std::atomic<bool> interrupted_ = false;
  std::optional<FileIdentity> opened_;
  Database database_;
};

class SqliteWriter : public Writer {
 public:
  explicit SqliteWriter(const Secret& dsn) : path_(sqlite_path(dsn.reveal())) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(path_.c_str(), &opened,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    database_.reset(opened);
    if (code != SQLITE_OK) {
      throw Error(Reason::unavailable, format("cannot open {} for writing: {}; check its folder",
                                              path_, sqlite3_errstr(code)));
    }
    sqlite3_busy_timeout(opened, 10'000);
    execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  }

  void execute(const std::string& sql) override {
    check(sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr), "write to");
  }

  void insert(const std::string& table, const std::vector<std::string>& columns,
              const std::function<std::span<const Value>()>& next) override {
    std::string names;
    std::string places;
    for (const std::string& column : columns) {
      names += (names.empty() ? "" : ", ") + quoted_identifier(column);
      places += places.empty() ? "?" : ", ?";
    }
    const std::string sql =
        format("INSERT INTO {} ({}) VALUES ({})", quoted_identifier(table), names, places);
    sqlite3_stmt* prepared = nullptr;
    check(sqlite3_prepare_v2(database_.get(), sql.c_str(), -1, &prepared, nullptr), "write to");
    const Statement statement(prepared);
    const bool own_transaction = sqlite3_get_autocommit(database_.get()) != 0;
    if (own_transaction) {
      begin();
    }
    try {
      for (auto row = next(); !row.empty(); row = next()) {
        insert_row(prepared, row);
      }
      if (own_transaction) {
        commit();
      }
    } catch (...) {
      if (own_transaction) {
        sqlite3_reset(prepared);
        sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
      }
      throw;
    }
  }

  void begin() override { execute("BEGIN IMMEDIATE"); }
  void commit() override { execute("COMMIT"); }
  std::string driver() const override { return "sqlite"; }

 private:
  void insert_row(sqlite3_stmt* statement, std::span<const Value> row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      bind_value(statement, static_cast<int>(i) + 1, row[i]);
    }
    const int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    check(code == SQLITE_DONE ? SQLITE_OK : code, "write to");
  }

  static void bind_value(sqlite3_stmt* statement, int index, const Value& value) {
    if (const auto* boolean = std::get_if<bool>(&value)) {
      sqlite3_bind_int(statement, index, *boolean ? 1 : 0);
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
      bind_text(statement, index, *text);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      sqlite3_bind_int64(statement, index, *integer);
    } else if (const auto* real = std::get_if<double>(&value)) {
      sqlite3_bind_double(statement, index, *real);
    } else if (const auto* instant = std::get_if<Instant>(&value)) {
      bind(statement, index, *instant, TimeFormat::text);
    } else {
      sqlite3_bind_null(statement, index);
    }
  }

  void check(int code, std::string_view attempted) {
    if (code == SQLITE_OK) {
      return;
    }
    const bool plain = (code & 0xff) == SQLITE_ERROR;
    throw Error(plain ? Reason::query : Reason::unavailable,
                format("cannot {} {}: {}", attempted, path_,
                       plain ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(code)));
  }

  std::string path_;
  Database database_;
};

}  // namespace

std::unique_ptr<Source> open_sqlite(const SourceConfig& config, const Clock& clock) {
  return std::make_unique<SqliteSource>(config, clock);
}

std::unique_ptr<Writer> open_sqlite_writer(const Secret& dsn) {
  return std::make_unique<SqliteWriter>(dsn);
}

}  // namespace usage
