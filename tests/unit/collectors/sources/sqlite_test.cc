#include "collectors/sources/sqlite/sqlite.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <array>
#include <thread>

#include "collectors/sources/sqlite/sqlite_text.h"
#include "collectors/sources/sqlite/sqlite_writer.h"
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

class SqliteTest : public ::testing::Test {
 protected:
  SqliteTest() {
    config_.name = "app";
    config_.input = testing::database("sqlite", "sqlite:" + path_);
  }

  void fill(const std::string& sql) {
    open_sqlite_writer(testing::database_of(config_).dsn)->execute(sql);
  }
  std::unique_ptr<Source> open() const { return open_sqlite(config_, clock_); }
  std::vector<Kept> row(const std::string& sql, std::vector<Parameter> parameters = {}) {
    return read(*open(), {sql, std::move(parameters)}).rows.at(0);
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("a b.db");
  SystemClock clock_;
  SourceConfig config_;
};

TEST_F(SqliteTest, ReadsThePathOfADsn) {
  EXPECT_EQ(sqlite_path("sqlite:/var/a.db"), "/var/a.db");
  EXPECT_EQ(sqlite_path("sqlite:///var/a.db"), "/var/a.db");
  EXPECT_EQ(sqlite_path("sqlite:a.db"), "a.db");
  EXPECT_EQ(sqlite_path("sqlite:/a%20b%3F%zz%4"), "/a b?%zz%4");
  EXPECT_EQ(sqlite_path("sqlite:/%41"), "/A");
  for (const std::string dsn : {"sqlite:", "sqlite://host/a.db", "sqlite:a.db?mode=ro", "a.db"}) {
    EXPECT_EQ(error_of([&] { sqlite_path(dsn); }).reason(), Reason::config) << dsn;
  }
}

TEST_F(SqliteTest, KnowsDeclaredTypes) {
  EXPECT_EQ(sqlite_column_type("bigint"), ColumnType::integer);
  EXPECT_EQ(sqlite_column_type("VARCHAR(20)"), ColumnType::text);
  EXPECT_EQ(sqlite_column_type("double precision"), ColumnType::real);
  EXPECT_EQ(sqlite_column_type("Boolean"), ColumnType::boolean);
  EXPECT_EQ(sqlite_column_type("TIMESTAMP"), ColumnType::mixed);
  EXPECT_EQ(sqlite_column_type(""), ColumnType::mixed);
}

TEST_F(SqliteTest, BindsInstantsAsTold) {
  fill("CREATE TABLE t (i)");
  const std::string sql = "SELECT $1, typeof($1), $2";
  const Instant later = kMorning + milliseconds(250);
  EXPECT_THAT(row(sql, {kMorning, later}),
              ElementsAre(Kept(std::string("2026-11-25 08:00:00")), Kept(std::string("text")),
                          Kept(std::string("2026-11-25 08:00:00.25"))));
  config_.time_format = TimeFormat::iso8601;
  EXPECT_EQ(row(sql, {kMorning, later})[0], Kept(std::string("2026-11-25T08:00:00Z")));
  config_.time_format = TimeFormat::unix;
  EXPECT_THAT(row(sql, {kMorning, later}),
              ElementsAre(Kept(std::int64_t{1795593600}), Kept(std::string("integer")),
                          Kept(1795593600.25)));
  config_.time_format = TimeFormat::unix_ms;
  EXPECT_THAT(row(sql, {kMorning, later}),
              ElementsAre(Kept(std::int64_t{1795593600000}), Kept(std::string("integer")),
                          Kept(std::int64_t{1795593600250})));
}

TEST_F(SqliteTest, NumbersParametersByNameNotByPlace) {
  fill("CREATE TABLE t (i)");
  EXPECT_THAT(
      row("SELECT $2, $1, $2", {std::int64_t{1}, std::string("two")}),
      ElementsAre(Kept(std::string("two")), Kept(std::int64_t{1}), Kept(std::string("two"))));
  for (const std::string sql : {"SELECT ?", "SELECT :a", "SELECT $a", "SELECT $0"}) {
    EXPECT_THAT(error_of([&] { row(sql, {std::int64_t{1}}); }).what(), HasSubstr("write $1"))
        << sql;
  }
}

TEST_F(SqliteTest, ReadsBooleansOfDeclaredColumnsOnly) {
  fill("CREATE TABLE t (b BOOLEAN, i INTEGER); INSERT INTO t VALUES (1, 1), (2, 0)");
  const Table table = read(*open(), {"SELECT b, i FROM t", {}});
  EXPECT_THAT(table.rows[0], ElementsAre(Kept(true), Kept(std::int64_t{1})));
  EXPECT_THAT(table.rows[1], ElementsAre(Kept(std::int64_t{2}), Kept(std::int64_t{0})));
}

TEST_F(SqliteTest, RefusesBlobs) {
  fill("CREATE TABLE t (raw BLOB); INSERT INTO t VALUES (x'00ff')");
  const Error error = error_of([&] { row("SELECT raw FROM t"); });
  EXPECT_EQ(error.reason(), Reason::data);
  EXPECT_THAT(error.what(), HasSubstr("\"raw\""));
}

TEST_F(SqliteTest, FindsAFileThatComesLater) {
  FakeClock clock(kMorning);
  const auto source = open_sqlite(config_, clock);
  const Query query{"SELECT count(*) FROM t", {}};
  const auto run = [&] { return read(*source, query, clock.steady_now() + seconds(60)); };
  EXPECT_THAT(error_of(run).what(), HasSubstr(path_));
  fill("CREATE TABLE t (i)");
  EXPECT_EQ(error_of(run).reason(), Reason::unavailable) << "still waiting";
  clock.advance(seconds(1));
  EXPECT_EQ(run().rows.size(), 1U);
  std::filesystem::remove(path_);
  EXPECT_THAT(error_of(run).what(), HasSubstr("there is no file"));
}

TEST_F(SqliteTest, ReadsTheFileThatIsThere) {
  fill("CREATE TABLE t (i); INSERT INTO t VALUES (1)");
  const auto source = open();
  const Query query{"SELECT i FROM t", {}};
  EXPECT_EQ(read(*source, query).rows.at(0).at(0), Kept(std::int64_t{1}));
  testing::database_of(config_).dsn = Secret("sqlite:" + folder_.file("new.db"));
  fill("PRAGMA journal_mode = DELETE; CREATE TABLE t (i); INSERT INTO t VALUES (2)");
  for (const char* rest : {"-wal", "-shm"}) {
    std::filesystem::remove(path_ + rest);
  }
  std::filesystem::rename(folder_.file("new.db"), path_);
  EXPECT_EQ(read(*source, query).rows.at(0).at(0), Kept(std::int64_t{2}));
}

TEST_F(SqliteTest, SaysWhatIsNoDatabase) {
  write_file(path_, std::string(4096, 'x'));
  const Error error = error_of([&] { row("SELECT 1"); });
  EXPECT_EQ(error.reason(), Reason::unavailable);
  EXPECT_THAT(error.what(), HasSubstr("not a database"));
}

TEST_F(SqliteTest, ReadsWhileAnotherProcessWrites) {
  fill("CREATE TABLE t (i)");
  std::array<int, 2> said{}, go{};
  ASSERT_EQ(::pipe(said.data()), 0);
  ASSERT_EQ(::pipe(go.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto writer = open_sqlite_writer(testing::database_of(config_).dsn);
    writer->execute("INSERT INTO t VALUES (1)");
    writer->begin();
    writer->execute("INSERT INTO t VALUES (2)");
    [[maybe_unused]] const auto written = ::write(said[1], "x", 1);
    char told = 0;
    [[maybe_unused]] const auto heard = ::read(go[0], &told, 1);
    writer->commit();
    ::_exit(0);
  }
  char heard = 0;
  ASSERT_EQ(::read(said[0], &heard, 1), 1);
  const auto source = open();
  const Query query{"SELECT count(*) FROM t", {}};
  EXPECT_EQ(read(*source, query).rows.at(0).at(0), Kept(std::int64_t{1}));
  ASSERT_EQ(::write(go[1], "x", 1), 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read(*source, query).rows.at(0).at(0), Kept(std::int64_t{2}));
  for (const int end : {said[0], said[1], go[0], go[1]}) ::close(end);
}

TEST_F(SqliteTest, WaitsForLocksNoLongerThanTold) {
  fill("PRAGMA journal_mode = DELETE; CREATE TABLE t (i)");
  const auto writer = open_sqlite_writer(testing::database_of(config_).dsn);
  writer->execute("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
  config_.lock_timeout = milliseconds(300);
  const auto source = open();
  const double took = elapsed([&] {
    const Error error = error_of([&] { read(*source, {"SELECT * FROM t", {}}); });
    EXPECT_EQ(error.reason(), Reason::timeout) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("lock_timeout"));
  });
  EXPECT_GT(took, 0.25);
  writer->commit();
  EXPECT_TRUE(read(*source, {"SELECT * FROM t", {}}).rows.empty());
}

// As built-in functions do: they never look at the deadline.
TEST_F(SqliteTest, FailsWhenItEndsAfterItsDeadline) {
  fill("CREATE TABLE t (i); INSERT INTO t VALUES (1)");
  FakeClock clock(kMorning);
  const auto source = open_sqlite(config_, clock);
  const Error error = error_of([&] {
    source->scan(
        {"SELECT i FROM t", {}}, clock.steady_now() + seconds(1),
        {[&](std::span<const Column>) { clock.advance(seconds(2)); }, [](const RowBatch&) {}});
  });
  EXPECT_EQ(error.reason(), Reason::timeout) << error.what();
}

// FTS5 takes "ada:" of a cell for a column's name, and quotes it without quotation marks.
TEST_F(SqliteTest, QuotesNoCellInAnError) {
  fill("CREATE TABLE t (k); INSERT INTO t VALUES ('ada:x'); CREATE VIRTUAL TABLE f USING fts5(a)");
  const Error error = error_of([&] { row("SELECT count(*) FROM t JOIN f WHERE f MATCH t.k"); });
  EXPECT_EQ(error.reason(), Reason::data);
  EXPECT_THAT(error.what(), Not(HasSubstr("ada")));
}

TEST_F(SqliteTest, QuotesNothingOfAStatementWithASecret) {
  fill("CREATE TABLE t (i, raw BLOB); INSERT INTO t VALUES (1, x'00')");
  const auto source = open();
  for (const std::string sql :
       {"SELECT i FROM t WHERE i = hunter2", "SELECT hunter2", "SELECT * FROM hunter2",
        "SELECT :hunter2", "SELECT CASE WHEN i <> 'hunter2' THEN raw END FROM t",
        "SELECT json_extract('{}', 'hunter2')", "SELECT i FROM t WHERE 'hunter2"}) {
    const Query query{sql, {}, true};
    const Error error = error_of([&] { read(*source, query); });
    EXPECT_THAT(error.what(), Not(HasSubstr("hunter2"))) << sql;
    const Error plain = error_of([&] { read(*source, {sql, {}}); });
    EXPECT_EQ(error.reason(), plain.reason()) << sql;
  }
  EXPECT_THAT(
      error_of([&] { source->describe({"SELECT hunter2", {}, true}, within(seconds(5))); }).what(),
      ::testing::AllOf(HasSubstr("SQL logic error"), HasSubstr("code 1")));
}

TEST_F(SqliteTest, RefusesToAttach) {
  fill("CREATE TABLE t (i)");
  EXPECT_EQ(error_of([&] { row("ATTACH 'other.db' AS other"); }).reason(), Reason::query);
  EXPECT_EQ(error_of([&] { row("BEGIN"); }).reason(), Reason::query);
}

}  // namespace
}  // namespace usage::testing
