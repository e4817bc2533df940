#include "collectors/sources/sqlite/sqlite_writer.h"

#include "collectors/sources/sqlite/sqlite_database.h"
#include "collectors/sources/sqlite/sqlite_dialect.h"
#include "collectors/sources/sqlite/sqlite_text.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage {

namespace {

using sqlite::Database;
using sqlite::ErrorClass;
using sqlite::Statement;

constexpr std::chrono::seconds kLongestLock{10};

void bind_row(Statement& statement, std::span<const Value> row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const int index = static_cast<int>(i) + 1;
    std::visit(
        [&](const auto& held) {
          if constexpr (std::is_same_v<std::decay_t<decltype(held)>, Instant>) {
            std::visit([&](const auto& stored) { statement.bind(index, stored); },
                       sqlite_instant(held, TimeFormat::text));
          } else {
            statement.bind(index, held);
          }
        },
        row[i]);
  }
}

class SqliteWriter : public Writer {
 public:
  explicit SqliteWriter(const Secret& dsn) : path_(sqlite_path(dsn.reveal())) {
    attempt("open", [&] {
      database_.emplace(path_, sqlite::Mode::write);
      database_->watch([] { return false; }, kLongestLock);
      database_->run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    });
  }

  void execute(const std::string& sql) override {
    attempt("write to", [&] { database_->run(sql); });
  }

  void insert(const std::string& table, const std::vector<std::string>& columns,
              const std::function<std::span<const Value>()>& next) override {
    std::string names;
    std::string places;
    for (const std::string& column : columns) {
      names += (names.empty() ? "" : ", ") + dialect().quoted_name(column);
      places += places.empty() ? "?" : ", ?";
    }
    const std::string sql =
        fmt::format("INSERT INTO {} ({}) VALUES ({})", dialect().quoted_name(table), names, places);
    attempt("write to", [&] {
      std::string_view rest = sql;
      Statement statement = *database_->prepare(rest);
      // One transaction for all rows: a million of one row each would take hours.
      const bool own_transaction = !database_->in_transaction();
      if (own_transaction) {
        database_->run("BEGIN IMMEDIATE");
      }
      try {
        for (auto row = next(); !row.empty(); row = next()) {
          bind_row(statement, row);
          statement.step();
          statement.reset();
        }
        if (own_transaction) {
          database_->run("COMMIT");
        }
      } catch (...) {
        statement.reset();
        if (own_transaction && database_->in_transaction()) {
          database_->run("ROLLBACK");
        }
        throw;
      }
    });
  }

  void begin() override { execute("BEGIN IMMEDIATE"); }
  void commit() override { execute("COMMIT"); }
  std::string driver() const override { return "sqlite"; }
  const Dialect& dialect() const override { return sqlite_dialect(); }

 private:
  template <typename Work>
  void attempt(std::string_view what, const Work& work) const {
    try {
      work();
    } catch (const sqlite::Failure& failure) {
      const bool plain = failure.error_class == ErrorClass::plain;
      throw Error(plain ? Reason::query : Reason::unavailable,
                  fmt::format("cannot {} {}: {}{}", what, path_,
                              plain ? std::string_view(failure.message) : failure.plain,
                              failure.error_class == ErrorClass::cannot_open
                                  ? "; check that its folder exists and "
                                    "may be written"
                                  : ""));
    }
  }

  std::string path_;
  std::optional<Database> database_;
};

}  // namespace

std::unique_ptr<Writer> open_sqlite_writer(const Secret& dsn) {
  return std::make_unique<SqliteWriter>(dsn);
}

}  // namespace usage
