#include "collectors/sources/sqlite/sqlite.h"

#include <sys/stat.h>

#include <atomic>
#include <optional>

#include "collectors/sources/sqlite/sqlite_database.h"
#include "collectors/sources/sqlite/sqlite_text.h"
#include "exporter/base/backoff.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/sql_tokenizer.h"

namespace usage {

namespace {

using sqlite::Database;
using sqlite::ErrorClass;
using sqlite::Statement;

// Tells whether a path still leads to the same file.
struct FileIdentity {
  dev_t device;
  ino_t inode;
  bool operator==(const FileIdentity&) const = default;
};

std::optional<FileIdentity> identity(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return FileIdentity{status.st_dev, status.st_ino};
}

std::string_view hint(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::not_a_database:
      return "; check that the dsn names a SQLite database";
    case ErrorClass::cannot_open:
      return "; the exporter's user must be able to read the file, and, when the database is in "
             "WAL mode and nobody has it open, to write its folder";
    case ErrorClass::readonly:
      return "; a writer crashed: let the program that owns the database open it once";
    case ErrorClass::corrupt:
      return "; run PRAGMA integrity_check on it";
    default:
      return "";
  }
}

std::string path_of(const SourceConfig& config) {
  const DatabaseConfig* const database = config.database();
  return database == nullptr ? config.journal : sqlite_path(database->dsn.reveal());
}

// Runs one statement at a time outside of any transaction: each is its own read transaction.
class SqliteSource : public Source {
 public:
  SqliteSource(const SourceConfig& config, const Clock& clock)
      : name_(config.name),
        path_(path_of(config)),
        lock_timeout_(config.lock_timeout),
        time_format_(config.time_format),
        clock_(clock),
        backoff_(clock) {}

  void scan(const Query& query, Deadline deadline, const RowSink& sink) override {
    start(deadline);
    secret_ = query.secret;
    Statement statement = prepare(query);
    // Ask for the columns after the first step, which notices a changed schema.
    bool more = step(statement);
    const std::vector<Column> columns = columns_of(statement);
    sink.columns(columns);
    std::vector<Value> row(columns.size());
    for (; more; more = step(statement)) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        row[i] = value(statement, static_cast<int>(i), columns[i]);
      }
      sink.rows(RowBatch(row, 1));
    }
    check_stopped();  // a built-in function may have run past the deadline without being stopped
  }

  std::vector<Column> describe(const Query& query, Deadline deadline) override {
    start(deadline);
    secret_ = query.secret;
    return columns_of(prepare(query));
  }

  void interrupt() noexcept override { interrupted_ = true; }

 private:
  template <typename... Arguments>
  Error error(Reason reason, fmt::format_string<Arguments...> text,
              Arguments&&... arguments) const {
    return Error(reason, subject() + fmt::format(text, std::forward<Arguments>(arguments)...));
  }

  std::string subject() const { return fmt::format("source \"{}\": ", name_); }

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
      backoff_.fail(subject() +
                    fmt::format("there is no file {}; check the path in its dsn", path_));
    }
    try {
      Database opened(path_, sqlite::Mode::read);
      opened.watch([this] { return must_stop(); }, lock_timeout_);
      // Opening reads nothing. Reading the schema fails if the file is no database.
      opened.run("PRAGMA query_only = on; SELECT 1 FROM sqlite_schema LIMIT 1");
      database_ = std::move(opened);
      opened_ = found;
    } catch (const sqlite::Failure& failure) {
      check_stopped();
      if (failure.error_class == ErrorClass::locked) {
        throw locked();
      }
      backoff_.fail(subject() + fmt::format("cannot read {}: {}{}", path_, failure.plain,
                                            hint(failure.error_class)));
    }
  }

  Statement prepare(const Query& query) {
    std::string_view rest = query.sql;
    std::optional<Statement> statement;
    try {
      statement = database_->prepare(rest);
    } catch (const sqlite::Failure& failure) {
      fail(failure, Reason::query);
    }
    if (!statement) {
      throw error(Reason::query, "the query is empty; write one SELECT");
    }
    if (has_statement(rest)) {
      throw error(Reason::query, "the query holds more than one statement; write one per query");
    }
    if (statement->writes()) {
      throw error(Reason::query, "the query writes; sources are only read, write a SELECT");
    }
    if (statement->column_count() == 0) {
      throw error(Reason::query, "the query gives no columns; write a SELECT");
    }
    bind_all(*statement, query.parameters);
    return std::move(*statement);
  }

  bool has_statement(std::string_view rest) {
    try {
      return database_->prepare(rest).has_value();
    } catch (const sqlite::Failure&) {
      return true;  // not only space and comments
    }
  }

  void bind_all(Statement& statement, const std::vector<Parameter>& parameters) {
    std::size_t wanted = 0;
    for (int i = 1; i <= statement.parameter_count(); ++i) {
      const std::string name = statement.parameter_name(i);
      const std::size_t number = parameter_number(name);
      if (number == 0) {
        throw error(Reason::query, "the query has a parameter {}; write $1, $2 …",
                    secret_ ? "without a number" : name);
      }
      wanted = std::max(wanted, number);
      if (number <= parameters.size()) {
        bind(statement, i, parameters[number - 1]);
      }
    }
    if (wanted != parameters.size()) {
      throw error(Reason::query,
                  "the query takes {} parameters and {} are given; list one for each of $1, $2 …",
                  wanted, parameters.size());
    }
  }

  void bind(Statement& statement, int index, const Parameter& parameter) const {
    std::visit(
        [&](const auto& held) {
          if constexpr (std::is_same_v<std::decay_t<decltype(held)>, Instant>) {
            std::visit([&](const auto& stored) { statement.bind(index, stored); },
                       sqlite_instant(held, time_format_));
          } else {
            statement.bind(index, held);
          }
        },
        parameter);
  }

  static std::vector<Column> columns_of(const Statement& statement) {
    std::vector<Column> columns;
    for (int i = 0; i < statement.column_count(); ++i) {
      columns.push_back(statement.column(i));
    }
    return columns;
  }

  bool step(Statement& statement) {
    try {
      return statement.step();
    } catch (const sqlite::Failure& failure) {
      fail(failure, Reason::data);
    }
  }

  Value value(const Statement& statement, int index, const Column& column) const {
    const std::optional<Value> value = statement.value(index, column.type == ColumnType::boolean);
    if (!value) {
      // The name of a column without an alias is the text of its expression.
      throw error(Reason::data,
                  "column {} holds a blob, which is neither text nor a number; use hex() or "
                  "length() in the query",
                  secret_ ? std::to_string(index + 1) : fmt::format("\"{}\"", column.name));
    }
    return *value;
  }

  // `plain` is the reason to give if the statement itself failed.
  [[noreturn]] void fail(const sqlite::Failure& failure, Reason plain) {
    check_stopped();
    switch (failure.error_class) {
      case ErrorClass::locked:
        throw locked();
      case ErrorClass::cannot_open:
      case ErrorClass::not_a_database:
      case ErrorClass::corrupt:
      case ErrorClass::readonly:
        database_.reset();
        throw error(Reason::unavailable, "cannot read {}: {}{}", path_, failure.plain,
                    hint(failure.error_class));
      default:
        break;
    }
    // Once rows are read, hide a message that quotes something, in '', "" or after a colon: it may
    // be from a row.
    const bool quotes = failure.message.find_first_of("'\":") != std::string::npos;
    const std::string_view shown = !secret_ && (plain == Reason::query || !quotes)
                                       ? std::string_view(failure.message)
                                       : failure.plain;
    throw error(plain, "SQLite {} the query: {} (code {})",
                plain == Reason::query ? "rejected" : "could not compute", shown, failure.code);
  }

  Error locked() const {
    return error(Reason::timeout,
                 "{} stayed locked by another program for {}; raise lock_timeout, or set the "
                 "database to WAL mode",
                 path_, format_duration(lock_timeout_));
  }

  bool must_stop() const { return interrupted_ || clock_.steady_now() >= deadline_; }

  void check_stopped() const {
    if (interrupted_) {
      throw error(Reason::unavailable, "interrupted");
    }
    if (must_stop()) {
      throw error(Reason::timeout,
                  "the query was cancelled at its deadline; raise the timeout or make the query "
                  "cheaper");
    }
  }

  std::string name_;
  std::string path_;
  Duration lock_timeout_;
  bool secret_ = false;  // Query::secret of the running query
  TimeFormat time_format_;
  const Clock& clock_;
  Backoff backoff_;
  Deadline deadline_{};
  std::atomic<bool> interrupted_ = false;
  std::optional<FileIdentity> opened_;
  std::optional<Database> database_;
};

}  // namespace

std::unique_ptr<Source> open_sqlite(const SourceConfig& config, const Clock& clock) {
  return std::make_unique<SqliteSource>(config, clock);
}

}  // namespace usage
