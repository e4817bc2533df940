#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "collectors/api/dialect.h"
#include "collectors/api/source.h"

namespace usage {

// Writes tables: for the demo generator only; collectors never write. One thread.
class Writer {
 public:
  virtual ~Writer() = default;

  // Runs statements separated by ';'. Throws Error as Source does.
  virtual void execute(const std::string& sql) = 0;

  // Appends rows; `next` returns the next row, or an empty span at the end. An Instant goes into
  // TEXT ("2026-11-25 08:00:00", fraction only where there is one) in SQLite, timestamptz in
  // PostgreSQL.
  virtual void insert(const std::string& table, const std::vector<std::string>& columns,
                      const std::function<std::span<const Value>()>& next) = 0;

  virtual void begin() = 0;
  virtual void commit() = 0;

  // DriverInfo::name: which schema text to run.
  virtual std::string driver() const = 0;
  virtual const Dialect& dialect() const = 0;
};

}  // namespace usage
