#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "exporter/base/clock.h"

namespace usage {

enum class ColumnType {
  integer,
  real,
  boolean,
  timestamp,
  text,   // also numeric, date, uuid …: the database's own text of the value
  mixed,  // SQLite expressions: the type is known per value only
};

struct Column {
  std::string name;
  ColumnType type = ColumnType::text;
  std::string database_type;  // the database's name of the type, for `check --connect`
  bool operator==(const Column&) const = default;
};

// One cell; monostate is NULL. A string_view lives until RowSink::rows returns.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string_view, Instant>;

// What is bound to $1, $2 …
using Parameter = std::variant<std::int64_t, double, std::string, Instant>;

struct Query {
  std::string sql;  // one statement
  std::vector<Parameter> parameters;
  bool secret = false;  // holds a value from the environment: no error quotes the database on it
  // Very many rows are expected, and the SQL is the exporter's own: it ends with no comment. A
  // driver may have a quicker way for such queries.
  bool bulk = false;
};

// Some rows of a result, one after the other. A view.
class RowBatch {
 public:
  RowBatch(std::span<const Value> cells, std::size_t count) : cells_(cells), count_(count) {}
  std::size_t size() const { return count_; }
  std::span<const Value> operator[](std::size_t row) const {
    const std::size_t columns = cells_.size() / count_;
    return cells_.subspan(row * columns, columns);
  }

 private:
  std::span<const Value> cells_;  // row by row
  std::size_t count_;
};

// Receives a result: the columns once, then all rows, as many at a time as the source has at hand.
// Either may throw to end the scan.
struct RowSink {
  std::function<void(std::span<const Column>)> columns;
  std::function<void(const RowBatch&)> rows;
};

// What takes one row → a RowSink::rows.
template <typename Take>
auto row_by_row(Take take) {
  return [take = std::move(take)](const RowBatch& rows) mutable {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      take(rows[i]);
    }
  };
}

// One database. Connects on first use and again after a failure, with back-off: within the back-off
// time a scan fails at once with Error(unavailable). All but interrupt() are called by one thread
// at a time.
class Source {
 public:
  virtual ~Source() = default;

  // Streams the result in constant memory, in a read-only transaction. Throws Error:
  //   unavailable  no connection, or lost; the next scan connects anew
  //   timeout      the deadline passed; the statement was cancelled on the server
  //   query        the database rejected the statement; SQLSTATE or code in the message
  //   data         a value that the database could not compute or the driver cannot read
  // What the sink throws passes through, after the statement was cancelled. After any throw the
  // source is ready for the next scan.
  virtual void scan(const Query& query, Deadline deadline, const RowSink& sink) = 0;

  // Prepares the statement without running it and tells its columns. Throws as scan().
  virtual std::vector<Column> describe(const Query& query, Deadline deadline) = 0;

  // From any thread: a running scan fails soon with Error(unavailable, "interrupted"), and so does
  // every later one. For shutdown.
  virtual void interrupt() noexcept = 0;
};

}  // namespace usage
