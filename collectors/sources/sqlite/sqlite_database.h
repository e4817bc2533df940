#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/api/source.h"

struct sqlite3;
struct sqlite3_stmt;

namespace usage::sqlite {

// The groups of SQLite's result codes that need different handling.
enum class ErrorClass {
  plain,
  stopped,
  locked,
  readonly,
  cannot_open,
  not_a_database,
  corrupt,
  other
};

// Thrown by the classes below, for their user to turn into an Error.
struct Failure {
  ErrorClass error_class;
  int code;                // extended result code
  std::string message;     // of the statement; may quote a row
  std::string_view plain;  // the meaning of the code, without any part of the statement
};

enum class Mode { read, write };  // write creates a missing file

class Statement {
 public:
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

  bool writes() const;
  int column_count() const;
  Column column(int index) const;

  int parameter_count() const;
  std::string parameter_name(int index) const;  // from 1; "?" for one without a name
  void bind(int index, std::monostate);
  void bind(int index, bool value);
  void bind(int index, std::int64_t value);
  void bind(int index, double value);
  void bind(int index, std::string_view value);
  // The text outlives the next step() and is not copied.
  void bind_view(int index, std::string_view text);
  void bind_blob(int index, std::string_view bytes);

  bool step();  // false at the end
  void reset();
  // The cell; nullopt for a blob. Views live until the next step.
  std::optional<Value> value(int index, bool boolean) const;
  std::string_view blob(int index) const;  // of any type, as bytes; empty for NULL

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

// A connection. Used by one thread.
class Database {
 public:
  Database(const std::string& path, Mode mode);

  void run(const std::string& sql);  // statements separated by ';'

  // Prepares the first statement of `sql` and removes it from its front. Returns nullopt if only
  // space and comments are left.
  std::optional<Statement> prepare(std::string_view& sql);

  bool in_transaction() const;
  std::int64_t changes() const;  // rows that the last INSERT, UPDATE or DELETE changed
  std::int64_t last_id() const;  // of the last row that was inserted

  // Ends statements with ErrorClass::stopped soon after `stop` returns true, and waits for a locked
  // file up to `longest`. What `stop` refers to must outlive the database.
  void watch(std::function<bool()> stop, Duration longest);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  struct Watch {
    std::function<bool()> stop;
    Duration longest;
  };
  std::unique_ptr<Watch> watch_;
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace usage::sqlite
