#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/api/source.h"
#include "collectors/api/writer.h"
#include "collectors/sources/drivers.h"
#include "exporter/base/error.h"
#include "tests/support/sanitizers.h"
#include "tests/support/temporary_folder.h"

namespace usage::testing {

inline DatabaseConfig database(const std::string& driver, const std::string& dsn = "") {
  DatabaseConfig made;
  made.driver = driver;
  made.dsn = Secret(dsn);
  return made;
}

// The settings that a test changes.
inline DatabaseConfig& database_of(SourceConfig& config) {
  return std::get<DatabaseConfig>(config.input);
}

// One driver with an empty place to make tables in.
struct Place {
  std::string driver;
  std::string dsn;

  SourceConfig config() const {
    SourceConfig config;
    config.name = "app";
    config.input = database(driver, dsn);
    return config;
  }
  std::unique_ptr<Writer> writer() const { return open_writer(Secret(dsn)); }
};

inline std::string postgres_dsn() {
  const char* dsn = std::getenv("USAGE_TEST_POSTGRES");
  if (dsn == nullptr) {
    ADD_FAILURE() << "USAGE_TEST_POSTGRES is not set; run under tests/support/with_postgres.py";
    return "postgresql://nobody@127.0.0.1:1/none";
  }
  return dsn;
}

// A cell that outlives its row.
using Kept = std::variant<std::monostate, bool, std::int64_t, double, std::string, Instant>;

inline Kept keep(const Value& value) {
  return std::visit(
      [](const auto& held) -> Kept {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::string_view>) {
          return std::string(held);
        } else {
          return held;
        }
      },
      value);
}

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Kept>> rows;
};

inline Deadline within(Duration duration) { return std::chrono::steady_clock::now() + duration; }

inline Table read(Source& source, const Query& query,
                  std::optional<Deadline> deadline = std::nullopt) {
  Table table;
  source.scan(query, deadline.value_or(within(std::chrono::seconds(60))),
              {[&](std::span<const Column> columns) {
                 table.columns.assign(columns.begin(), columns.end());
               },
               row_by_row([&](std::span<const Value> row) {
                 std::vector<Kept>& kept = table.rows.emplace_back();
                 for (const Value& value : row) {
                   kept.push_back(keep(value));
                 }
               })});
  return table;
}

// The Error that `work` throws; a test failure when it throws none.
inline Error error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(Reason::io, "nothing was thrown");
}

inline double elapsed(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Megabytes a scan may take. AddressSanitizer keeps freed memory for a while, ThreadSanitizer
// shadows.
inline constexpr std::size_t kScanMegabytes = kSanitized ? 600 : 20;

inline std::size_t resident_megabytes() {
  std::size_t total = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) >> 20;
}

}  // namespace usage::testing
