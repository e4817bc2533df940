// What every driver must do, whatever its database.

#include <gmock/gmock.h>

#include <thread>

#include "collectors/sources/drivers.h"
#include "exporter/base/timestamps.h"
#include "tests/support/fake_clock.h"
#include "tests/support/source_fixture.h"

namespace usage::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const Instant kMorning = *parse_rfc3339("2026-11-25T08:00:00Z");

class SourceSuite : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    place_.driver = GetParam();
    place_.dsn = uses_sqlite_dialect() ? "sqlite:" + folder_.file("suite.db") : postgres_dsn();
    const auto writer = place_.writer();
    writer->execute("DROP TABLE IF EXISTS cells; DROP TABLE IF EXISTS big");
    source_ = open_source(place_.config(), clock_);
  }

  bool uses_sqlite_dialect() const { return GetParam() == "sqlite"; }

  // n rows: n, its text, an instant.
  std::string numbers(int count) const {
    const std::string n = std::to_string(count);
    return uses_sqlite_dialect()
               ? "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < " + n +
                     ") SELECT n, 'row ' || n, '2026-11-25 08:00:00' FROM c"
               : "SELECT n, 'row ' || n, timestamptz '2026-11-25 08:00:00Z' "
                 "FROM (SELECT generate_series(1, " +
                     n + ")::bigint AS n) AS c";
  }

  std::string endless() const {
    return uses_sqlite_dialect()
               ? "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
                 "SELECT count(*) FROM c"
               : "SELECT pg_sleep(600)";
  }

  void make_cells() {
    const auto writer = place_.writer();
    writer->execute(uses_sqlite_dialect()
                        ? "CREATE TABLE cells (i INTEGER, r REAL, b BOOLEAN, t TEXT, at TEXT)"
                        : "CREATE TABLE cells (i bigint, r double precision, b boolean, t text, "
                          "at timestamptz)");
    const std::vector<std::vector<Value>> rows{
        {std::int64_t{1}, 1.5, true, "grüße \xF0\x9F\x93\x88\ttab\n\\N", kMorning},
        {std::int64_t{-9'223'372'036'854'775'807}, -0.1, false, "", kMorning + Duration(123'456)},
        {Value(), Value(), Value(), Value(), Value()}};
    std::size_t at = 0;
    writer->insert("cells", {"i", "r", "b", "t", "at"}, [&]() -> std::span<const Value> {
      return at == rows.size() ? std::span<const Value>() : rows[at++];
    });
  }

  Kept stored(Instant instant) const {
    if (!uses_sqlite_dialect()) {
      return instant;
    }
    std::string text = format_rfc3339(instant);
    text[10] = ' ';
    text.pop_back();
    return text;
  }

  TemporaryFolder folder_;
  Place place_;
  SystemClock clock_;
  std::unique_ptr<Source> source_;
};

TEST_P(SourceSuite, ReadsEveryKindOfCell) {
  make_cells();
  const Table table = read(*source_, {"SELECT * FROM cells ORDER BY i DESC NULLS LAST", {}});
  ASSERT_EQ(table.rows.size(), 3U);
  EXPECT_THAT(table.rows[0],
              ElementsAre(Kept(std::int64_t{1}), Kept(1.5), Kept(true),
                          Kept(std::string("grüße \xF0\x9F\x93\x88\ttab\n\\N")), stored(kMorning)));
  EXPECT_THAT(table.rows[1],
              ElementsAre(Kept(std::int64_t{-9'223'372'036'854'775'807}), Kept(-0.1), Kept(false),
                          Kept(std::string()), stored(kMorning + Duration(123'456))));
  EXPECT_THAT(table.rows[2], ElementsAre(Kept(), Kept(), Kept(), Kept(), Kept()));
}

TEST_P(SourceSuite, DescribesWithoutRunning) {
  make_cells();
  const std::vector<Column> columns =
      source_->describe({"SELECT i, r, b, t, at FROM cells", {}}, within(seconds(5)));
  std::vector<std::string> names;
  std::vector<ColumnType> types;
  for (const Column& column : columns) {
    names.push_back(column.name);
    types.push_back(column.type);
  }
  EXPECT_THAT(names, ElementsAre("i", "r", "b", "t", "at"));
  EXPECT_THAT(types, ElementsAre(ColumnType::integer, ColumnType::real, ColumnType::boolean,
                                 ColumnType::text,
                                 uses_sqlite_dialect() ? ColumnType::text : ColumnType::timestamp));
  EXPECT_EQ(columns[0].database_type, uses_sqlite_dialect() ? "INTEGER" : "bigint");
  EXPECT_EQ(columns, read(*source_, {"SELECT i, r, b, t, at FROM cells", {}}).columns);
  source_->describe({endless(), {}}, within(seconds(20)));  // else it would throw at the deadline
}

TEST_P(SourceSuite, TellsTheColumnsOfAnEmptyResult) {
  make_cells();
  const Table table = read(*source_, {"SELECT i FROM cells WHERE i = 77", {}});
  ASSERT_EQ(table.columns.size(), 1U);
  EXPECT_EQ(table.columns[0].name, "i");
  EXPECT_TRUE(table.rows.empty());
}

TEST_P(SourceSuite, BindsParametersOfEveryKind) {
  make_cells();
  const Query query{
      "SELECT i FROM cells WHERE t = $2 AND i = $1 AND r < $4 AND at >= $3",
      {std::int64_t{1}, std::string("grüße \xF0\x9F\x93\x88\ttab\n\\N"), kMorning, 1.75}};
  EXPECT_EQ(read(*source_, query).rows.size(), 1U);
}

TEST_P(SourceSuite, BindsTextsNeverIntoTheStatement) {
  make_cells();
  const Query query{"SELECT i FROM cells WHERE t = $1", {std::string("x' OR '1'='1")}};
  EXPECT_TRUE(read(*source_, query).rows.empty());
}

TEST_P(SourceSuite, ComparesInstantsAtTheirEdges) {
  make_cells();
  const std::string sql = "SELECT count(*) FROM cells WHERE at >= $1 AND at < $2";
  const auto count = [&](Instant from, Instant to) {
    return std::get<std::int64_t>(read(*source_, {sql, {from, to}}).rows.at(0).at(0));
  };
  EXPECT_EQ(count(kMorning, kMorning + seconds(1)), 2);
  EXPECT_EQ(count(kMorning, kMorning + Duration(123'456)), 1);
  EXPECT_EQ(count(kMorning - seconds(1), kMorning), 0);
}

TEST_P(SourceSuite, RefusesTheWrongNumberOfParameters) {
  EXPECT_EQ(error_of([&] { read(*source_, {"SELECT 1 + $1", {}}); }).reason(), Reason::query);
  EXPECT_EQ(error_of([&] {
              read(*source_, {"SELECT 1 + $1", {std::int64_t{1}, std::int64_t{2}}});
            }).reason(),
            Reason::query);
}

TEST_P(SourceSuite, PassesOnWhatTheSinkThrows) {
  struct Enough {};
  const std::size_t before = resident_megabytes();
  int rows = 0;
  EXPECT_THROW(
      source_->scan({numbers(1'000'000), {}}, within(seconds(60)),
                    {[](std::span<const Column>) {}, row_by_row([&](std::span<const Value>) {
                       if (++rows == 10'000) {
                         throw Enough();
                       }
                     })}),
      Enough);
  EXPECT_EQ(rows, 10'000);
  EXPECT_LT(resident_megabytes(), before + kScanMegabytes);
  EXPECT_EQ(read(*source_, {"SELECT 7", {}}).rows.size(), 1U);
}

TEST_P(SourceSuite, PassesOnWhatTheColumnsThrow) {
  struct Wrong {};
  EXPECT_THROW(source_->scan({numbers(1'000'000), {}}, within(seconds(60)),
                             {[](std::span<const Column>) { throw Wrong(); },
                              row_by_row([](std::span<const Value>) {})}),
               Wrong);
  EXPECT_EQ(read(*source_, {"SELECT 7", {}}).rows.size(), 1U);
}

TEST_P(SourceSuite, HonoursTheDeadline) {
  std::optional<Error> error;
  const double took = elapsed(
      [&] { error = error_of([&] { read(*source_, {endless(), {}}, within(seconds(1))); }); });
  EXPECT_EQ(error->reason(), Reason::timeout);
  EXPECT_THAT(error->what(), HasSubstr("source \"app\""));
  EXPECT_GE(took, 1);
  EXPECT_EQ(read(*source_, {"SELECT 7", {}}).rows.size(), 1U);
}

TEST_P(SourceSuite, HonoursTheDeadlineWhileRowsFlow) {
  const double took = elapsed([&] {
    const Error error = error_of([&] {
      source_->scan({numbers(100'000'000), {}}, within(seconds(1)),
                    {[](std::span<const Column>) {}, row_by_row([](std::span<const Value>) {})});
    });
    EXPECT_EQ(error.reason(), Reason::timeout);
  });
  EXPECT_GE(took, 1);
}

TEST_P(SourceSuite, IsInterruptedFromAnotherThread) {
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(300));
    source_->interrupt();
  });
  const double took = elapsed([&] {
    const Error error = error_of([&] { read(*source_, {endless(), {}}); });
    EXPECT_EQ(error.reason(), Reason::unavailable);
    EXPECT_THAT(error.what(), HasSubstr("interrupted"));
  });
  other.join();
  EXPECT_LT(took, 60) << "the query takes ten minutes";
  EXPECT_EQ(error_of([&] { read(*source_, {"SELECT 1", {}}); }).reason(), Reason::unavailable);
}

TEST_P(SourceSuite, NeverWrites) {
  make_cells();
  for (const std::string sql :
       {"INSERT INTO cells (i) VALUES (9)", "DELETE FROM cells", "DROP TABLE cells",
        "INSERT INTO cells (i) VALUES (9) RETURNING i"}) {
    const Error error = error_of([&] { read(*source_, {sql, {}}); });
    EXPECT_EQ(error.reason(), Reason::query) << sql << ": " << error.what();
  }
  EXPECT_EQ(read(*source_, {"SELECT * FROM cells", {}}).rows.size(), 3U);
}

TEST_P(SourceSuite, NamesWhatIsWrongWithAStatement) {
  const auto message = [&](const std::string& sql) {
    const Error error = error_of([&] { read(*source_, {sql, {}}); });
    EXPECT_EQ(error.reason(), Reason::query) << sql;
    return std::string(error.what());
  };
  EXPECT_THAT(message("SELEKT 1"), HasSubstr("SELEKT"));
  EXPECT_THAT(message("SELECT * FROM nowhere"), HasSubstr("nowhere"));
  EXPECT_THAT(message("SELECT 1; SELECT 2"), HasSubstr("one"));
  EXPECT_THAT(message("SELECT 1; DROP TABLE big"), HasSubstr("one"));
  EXPECT_THAT(message(""), HasSubstr("SELECT"));
  EXPECT_THAT(message("COMMIT"), HasSubstr("SELECT"));
  EXPECT_THAT(error_of([&] {
                source_->describe({"SELECT * FROM nowhere", {}}, within(seconds(5)));
              }).what(),
              HasSubstr("nowhere"));
  EXPECT_EQ(read(*source_, {"SELECT 7; -- one statement and a remark\n", {}}).rows.size(), 1U);
}

TEST_P(SourceSuite, KeepsWhatItCannotComputeASecret) {
  const Error error = error_of([&] {
    read(*source_, {uses_sqlite_dialect() ? "SELECT json_extract('{}', 'ada@example.org')"
                                          : "SELECT CAST('ada@example' || '.org' AS integer)",
                    {}});
  });
  EXPECT_EQ(error.reason(), Reason::data);
  EXPECT_THAT(error.what(), Not(HasSubstr("ada@")));
}

TEST_P(SourceSuite, ItsDialectReadsFieldsOfJson) {
  const Dialect& dialect = dialect_of(place_.config());
  const std::string json = R"('{"a.b": "x", "n": 7}')";
  const Table table = read(
      *source_,
      {"SELECT " + dialect.json_field(json, "a.b") + ", " + dialect.json_field(json, "none"), {}});
  EXPECT_EQ(table.rows.at(0).at(0), Kept(std::string("x")));
  EXPECT_EQ(table.rows.at(0).at(1), Kept());
}

TEST_P(SourceSuite, ReadsHugeTexts) {
  const Table table = read(*source_, {uses_sqlite_dialect() ? "SELECT printf('%.*c', 20000000, 'x')"
                                                            : "SELECT repeat('x', 20000000)",
                                      {}});
  EXPECT_EQ(std::get<std::string>(table.rows.at(0).at(0)), std::string(20'000'000, 'x'));
}

TEST_P(SourceSuite, ReadsAnyNumberOfRowsInConstantMemory) {
  read(*source_, {numbers(1000), {}});
  const std::size_t before = resident_megabytes();
  std::size_t most = 0;
  std::int64_t rows = 0;
  std::int64_t sum = 0;
  source_->scan({numbers(2'000'000), {}}, within(seconds(120)),
                {[](std::span<const Column>) {}, row_by_row([&](std::span<const Value> row) {
                   sum += std::get<std::int64_t>(row[0]);
                   if (++rows % 100'000 == 0) {
                     most = std::max(most, resident_megabytes());
                   }
                 })});
  EXPECT_EQ(rows, 2'000'000);
  EXPECT_EQ(sum, 2'000'000LL * 2'000'001 / 2);
  EXPECT_LT(most, before + kScanMegabytes);
}

TEST_P(SourceSuite, WaitsLongerAfterEachFailedConnect) {
  FakeClock clock(kMorning);
  SourceConfig config = place_.config();
  database_of(config).dsn =
      Secret(uses_sqlite_dialect() ? "sqlite:" + folder_.file("missing.db")
                                   : "postgresql://postgres:hidden@127.0.0.1:1/none");
  const auto source = open_source(config, clock);
  const auto fails = [&] {
    const Error error =
        error_of([&] { read(*source, {"SELECT 1", {}}, clock.steady_now() + seconds(5)); });
    EXPECT_EQ(error.reason(), Reason::unavailable) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(uses_sqlite_dialect() ? "missing.db" : "127.0.0.1:1"));
    EXPECT_THAT(error.what(), Not(HasSubstr("hidden")));
    return std::string(error.what());
  };
  for (const std::string wait : {"1s", "2s", "4s", "8s", "16s", "32s", "1m", "1m"}) {
    EXPECT_THAT(fails(), HasSubstr("tries again in " + wait));
    clock.advance(*parse_duration(wait) - milliseconds(1));
    EXPECT_THAT(fails(), HasSubstr("tries again in 1s"));
    clock.advance(milliseconds(1));
  }
}

TEST_P(SourceSuite, WriterKeepsAllOrNothingOfATransaction) {
  make_cells();
  {
    const auto writer = place_.writer();
    writer->begin();
    writer->execute("DELETE FROM cells");
  }
  EXPECT_EQ(read(*source_, {"SELECT * FROM cells", {}}).rows.size(), 3U);
  const auto writer = place_.writer();
  writer->begin();
  writer->execute("DELETE FROM cells");
  writer->commit();
  EXPECT_TRUE(read(*source_, {"SELECT * FROM cells", {}}).rows.empty());
}

TEST_P(SourceSuite, WriterFailsWithTheReason) {
  const auto writer = place_.writer();
  EXPECT_THAT(error_of([&] { writer->execute("SELEKT 1"); }).what(), HasSubstr("SELEKT"));
  const Value row[] = {std::int64_t{1}};
  EXPECT_THAT(
      error_of([&] { writer->insert("nowhere", {"i"}, [&] { return std::span(row); }); }).what(),
      HasSubstr("nowhere"));
  make_cells();
  int rows = 0;
  EXPECT_THROW(writer->insert("cells", {"i"},
                              [&]() -> std::span<const Value> {
                                if (++rows == 100) {
                                  throw std::runtime_error("the caller gives up");
                                }
                                return row;
                              }),
               std::runtime_error);
  EXPECT_EQ(read(*source_, {"SELECT * FROM cells", {}}).rows.size(), 3U);
  writer->execute("DELETE FROM cells");
}

TEST_P(SourceSuite, WritesRowsFasterTogetherThanOneByOne) {
  const auto writer = place_.writer();
  writer->execute("CREATE TABLE big (n bigint, t text)");
  const auto seconds_per_row = [&](int inserts, int rows) {
    std::vector<Value> row{std::int64_t{0}, "some text"};
    writer->begin();
    const double took = elapsed([&] {
      for (int i = 0; i < inserts; ++i) {
        int n = 0;
        writer->insert("big", {"n", "t"}, [&]() -> std::span<const Value> {
          row[0] = std::int64_t{n};
          return n++ == rows ? std::span<const Value>() : row;
        });
      }
    });
    writer->commit();
    return took / inserts / rows;
  };
  EXPECT_LT(seconds_per_row(1, 1'000'000), seconds_per_row(2'000, 1) / 2);
  EXPECT_EQ(
      std::get<std::int64_t>(read(*source_, {"SELECT count(*) FROM big", {}}).rows.at(0).at(0)),
      1'002'000);
}

INSTANTIATE_TEST_SUITE_P(Drivers, SourceSuite, ::testing::Values("sqlite", "postgresql"),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace usage::testing
