#include "exporter/demo/fill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <map>
#include <regex>

#include "collectors/sources/sqlite/sqlite_dialect.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"
#include "exporter/demo/embedded.h"

namespace usage::demo {
namespace {

using std::chrono::days;
using std::chrono::hours;
using testing::HasSubstr;

// As a SQLite writer binds it.
std::string text(const Value& value) {
  struct Visitor {
    std::string operator()(std::monostate) const { return "NULL"; }
    std::string operator()(bool flag) const { return flag ? "1" : "0"; }
    std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(std::string_view view) const { return std::string(view); }
    std::string operator()(Instant at) const {
      const std::string rfc = format_rfc3339(at);
      return rfc.substr(0, 10) + ' ' + rfc.substr(11, 8);
    }
  };
  return std::visit(Visitor{}, value);
}

using Row = std::map<std::string, std::string>;  // column → text
using Table = std::map<std::string, Row>;        // first column → row
using Database = std::map<std::string, Table>;

// Understands the statements that fill.cc writes, and refuses every other.
class MemoryWriter : public Writer {
 public:
  Database database;
  int transactions = 0;
  std::string fail_on_table;

  void execute(const std::string& sql) override {
    static const std::regex split(R"(;\s*)");
    const std::string plain = std::regex_replace(sql, std::regex("--[^\n]*\n"), "");
    for (std::sregex_token_iterator it(plain.begin(), plain.end(), split, -1), end; it != end;
         ++it) {
      if (it->length() > 0) run(*it);
    }
  }

  void insert(const std::string& table, const std::vector<std::string>& columns,
              const std::function<std::span<const Value>()>& next) override {
    if (table == fail_on_table) throw Error(Reason::unavailable, "the database has gone");
    auto& rows = known(table);
    for (auto cells = next(); !cells.empty(); cells = next()) {
      ASSERT_EQ(cells.size(), columns.size());
      Row row;
      for (std::size_t i = 0; i < cells.size(); ++i) row[columns[i]] = text(cells[i]);
      ASSERT_TRUE(rows.emplace(text(cells[0]), row).second) << table << ": a row came twice";
    }
  }

  void begin() override {
    before_ = database;
    ++transactions;
  }
  void commit() override { before_.clear(); }
  std::string driver() const override { return "sqlite"; }
  const Dialect& dialect() const override { return sqlite_dialect(); }

 private:
  Table& known(const std::string& table) {
    if (!database.contains(table)) throw Error(Reason::query, "no such table: " + table);
    return database[table];
  }

  void run(const std::string& sql) {
    static const std::regex create(R"(CREATE TABLE (\w+) [^]*)");
    static const std::regex drop(R"(DROP TABLE IF EXISTS (\w+))");
    static const std::regex add(R"(UPDATE (\w+) SET (\w+) = (\w+) \+ (\d+) WHERE id = (\d+))");
    static const std::regex set(R"(UPDATE (\w+) SET (\w+) = '([^']*)' WHERE id = (\d+))");
    std::smatch part;
    if (std::regex_match(sql, part, create)) {
      if (database.contains(part[1])) throw Error(Reason::query, "table exists: " + part[1].str());
      database[part[1]];
    } else if (std::regex_match(sql, part, drop)) {
      database.erase(part[1]);
    } else if (std::regex_match(sql, part, add)) {
      auto& cell = known(part[1]).at(part[5]).at(part[2]);
      cell = fmt::format("{}", std::stoll(cell) + std::stoll(part[4]));
    } else if (std::regex_match(sql, part, set)) {
      known(part[1]).at(part[4]).at(part[2]) = part[3];
    } else if (sql == "UPDATE usage_exporter_demo SET seed = seed") {
      known("usage_exporter_demo");
    } else if (sql == "ROLLBACK") {
      database = before_;
    } else if (!sql.starts_with("CREATE INDEX ")) {
      throw Error(Reason::query, "unknown statement: " + sql);
    }
  }

  Database before_;
};

const Instant kLaunch = *parse_rfc3339("2026-09-11T00:00:00Z");
const Product& product() {
  static const Product made = make_product(kDefaultSeed, kLaunch, 7, 75);
  return made;
}

Database filled(Instant until) {
  MemoryWriter writer;
  fill(writer, product(), until);
  return writer.database;
}

TEST(DemoFill, insertsWhatHasAppearedAndNothingElse) {
  const Instant until = kLaunch + days(30);
  const Database database = filled(until);
  EXPECT_EQ(database.size(), 11U);
  EXPECT_EQ(database.at("usage_exporter_demo").size(), 1U);
  const auto& exports = database.at("export_logs");
  std::size_t expected = 0;
  for (const auto& row : product().exports) expected += row.ingested_at < until ? 1U : 0U;
  EXPECT_EQ(exports.size(), expected);
  for (const auto& [id, row] : exports) {
    EXPECT_LT(row.at("ingested_at"), "2026-10-11 00:00:00");
    EXPECT_EQ(row.at("status") == "failed", row.at("error_code") != "NULL");
    EXPECT_EQ(row.at("status") == "failed", row.at("file_size_bytes") == "NULL");
  }
}

TEST(DemoFill, countsTheAccessesOfEachLink) {
  const Database database = filled(kLaunch + days(40));
  std::map<std::string, int> accesses;
  for (const auto& [id, row] : database.at("share_accesses")) ++accesses[row.at("share_id")];
  for (const auto& [id, row] : database.at("shared_reports")) {
    EXPECT_EQ(row.at("access_count"), fmt::format("{}", accesses[id])) << "link " << id;
  }
}

TEST(DemoFill, advancingGivesWhatAFillAtTheLaterInstantGives) {
  const Instant start = kLaunch + days(10) + hours(9);
  MemoryWriter writer;
  fill(writer, product(), start);
  Instant at = start;
  // Adjacent intervals of very different lengths; erasures on days 20 and 50 lie within.
  const auto lengths = {std::chrono::seconds(1), std::chrono::seconds(4'000),
                        std::chrono::seconds(86'400 * 12), std::chrono::seconds(86'400 * 30),
                        std::chrono::seconds(13)};
  for (const auto length : lengths) {
    advance(writer, product(), at, at + length);
    at += length;
    EXPECT_EQ(writer.database, filled(at)) << format_rfc3339(at);
  }
}

TEST(DemoFill, minuteByMinuteNoRowIsLostOrDoubled) {
  const Instant noon = kLaunch + days(26) + hours(12);
  MemoryWriter writer;
  fill(writer, product(), noon);
  for (int minute = 0; minute < 60; ++minute) {
    advance(writer, product(), noon + std::chrono::minutes(minute),
            noon + std::chrono::minutes(minute + 1));
  }
  EXPECT_EQ(writer.database, filled(noon + hours(1)));
}

TEST(DemoFill, aQuietMomentOpensNoTransaction) {
  const Instant night = kLaunch + days(3) + hours(3);
  MemoryWriter writer;
  fill(writer, product(), night);
  writer.transactions = 0;
  advance(writer, product(), night, night + std::chrono::seconds(1));
  EXPECT_EQ(writer.transactions, 0);
}

TEST(DemoFill, replacesAnEarlierFill) {
  MemoryWriter writer;
  fill(writer, make_product(99, kLaunch, kDaysBefore, 20), kLaunch + days(20));
  fill(writer, product(), kLaunch + days(5));
  EXPECT_EQ(writer.database, filled(kLaunch + days(5)));
}

TEST(DemoFill, refusesToTouchTablesItDidNotMake) {
  MemoryWriter writer;
  writer.database["users"]["1"] = {{"id", "1"}};
  const Database before = writer.database;
  try {
    fill(writer, product(), kLaunch);
    FAIL() << "filled over somebody's users";
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), Reason::query);
    EXPECT_THAT(error.what(), HasSubstr("table exists: users"));
    EXPECT_THAT(error.what(), HasSubstr("give it an empty database"));
  }
  EXPECT_EQ(writer.database, before);
}

TEST(DemoFill, aFailureChangesNothing) {
  const Instant until = kLaunch + days(20);
  MemoryWriter writer;
  fill(writer, product(), until);
  writer.fail_on_table = "share_accesses";
  EXPECT_THROW(advance(writer, product(), until, until + days(10)), Error);
  EXPECT_EQ(writer.database, filled(until));
  writer.fail_on_table.clear();
  advance(writer, product(), until, until + days(10));
  EXPECT_EQ(writer.database, filled(until + days(10)));
}

TEST(DemoEmbedded, theBinaryCarriesTheFiles) {
  EXPECT_THAT(kDemoConfig, HasSubstr("dsn: ${USAGE_DSN}"));
  EXPECT_THAT(kSqliteSchema, HasSubstr("CREATE TABLE share_accesses"));
  EXPECT_THAT(kPostgresqlSchema, HasSubstr("TIMESTAMPTZ"));
}

}  // namespace
}  // namespace usage::demo
