// Query::many on PostgreSQL, which reads by COPY.

#include <gmock/gmock.h>

#include <thread>

#include "collectors/sources/drivers.h"
#include "exporter/base/clock.h"
#include "exporter/base/timestamps.h"
#include "tests/support/source_fixture.h"

namespace usage::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

class PostgresCopyTest : public ::testing::Test {
 protected:
  PostgresCopyTest() {
    place_.driver = "postgresql";
    place_.dsn = postgres_dsn();
    source_ = open_source(place_.config(), clock_);
    other_ = open_source(place_.config(), clock_);
  }

  static Query many(const std::string& sql, std::vector<Parameter> parameters = {}) {
    return {.sql = sql, .parameters = std::move(parameters), .bulk = true};
  }

  std::int64_t pid() {
    return std::get<std::int64_t>(read(*source_, {"SELECT pg_backend_pid()", {}}).rows[0][0]);
  }

  // How the last statement of the connection under test began.
  std::string last_statement(std::int64_t pid) {
    return std::get<std::string>(
        read(*other_, {"SELECT query FROM pg_stat_activity WHERE pid = $1", {pid}}).rows[0][0]);
  }

  Place place_;
  SystemClock clock_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Source> other_;
};

TEST_F(PostgresCopyTest, ReadsWhatAnOrdinaryScanReads) {
  place_.writer()->execute(
      "DROP TABLE IF EXISTS copied; "
      "CREATE TABLE copied (\"a$1\" bigint, i2 smallint, r double precision, f real, b boolean, "
      "t text, at timestamptz, naive timestamp, n numeric, d date, u uuid); "
      "INSERT INTO copied SELECT i, i, i / 3.0, i / 7.0, i % 2 = 0, repeat('ü', i), "
      "timestamptz '2026-11-25 08:00:00Z' + i * interval '1 hour', "
      "timestamp '2026-11-25 08:00:00' + i * interval '1 second', i * 1.5, "
      "date '2026-11-25' + i, ('00000000-0000-0000-0000-0000000000' || (10 + i))::uuid "
      "FROM generate_series(0, 50) AS i; INSERT INTO copied VALUES (NULL)");
  const std::string sql =
      "SELECT t.\"a$1\", t.* FROM copied t WHERE t.at IS NULL OR (t.at >= $1 AND t.at < $2) "
      "ORDER BY 1";
  const std::vector<Parameter> bounds{*parse_rfc3339("2026-11-25T10:00:00Z"),
                                      *parse_rfc3339("2026-11-26T10:00:00Z")};
  const Table copied = read(*source_, many(sql, bounds));
  const Table scanned = read(*source_, {sql, bounds});
  EXPECT_EQ(copied.rows.size(), 25U);
  EXPECT_EQ(copied.rows, scanned.rows);
  EXPECT_EQ(copied.columns, scanned.columns);
}

TEST_F(PostgresCopyTest, CopiesIndeed) {
  const std::int64_t server = pid();
  std::string seen;
  source_->scan(many("SELECT generate_series(1, 300000)"), within(seconds(60)),
                {[](std::span<const Column>) {}, row_by_row([&](std::span<const Value>) {
                   if (seen.empty()) seen = last_statement(server);
                 })});
  EXPECT_THAT(seen, HasSubstr("COPY (SELECT"));
}

TEST_F(PostgresCopyTest, CopiesWithoutWorkersAndCompilation) {
  const std::string sql =
      "SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings WHERE name IN "
      "('jit', 'max_parallel_workers_per_gather')";
  const Table defaults = read(*source_, {sql, {}});
  EXPECT_EQ(std::get<std::string>(read(*source_, many(sql)).rows[0][0]),
            "jit=off max_parallel_workers_per_gather=0");
  EXPECT_EQ(read(*source_, {sql, {}}).rows, defaults.rows) << "they end with the transaction";
}

// As some servers have no COPY that this needs: SHOW cannot be copied, and everything can be read.
TEST_F(PostgresCopyTest, ScansWhatCannotBeCopied) {
  const std::int64_t server = pid();
  EXPECT_EQ(read(*source_, many("SHOW TimeZone")).rows, read(*source_, {"SHOW TimeZone", {}}).rows);
  EXPECT_EQ(read(*source_, many("SELECT generate_series(1, 9)")).rows.size(), 9U);
  EXPECT_EQ(pid(), server);
}

TEST_F(PostgresCopyTest, BeginsNotAnewOnceARowWasRead) {
  place_.writer()->execute(
      "CREATE OR REPLACE FUNCTION refuse(n bigint) RETURNS bigint LANGUAGE plpgsql AS "
      "'BEGIN IF n = 30000 THEN RAISE SQLSTATE ''0A000''; END IF; RETURN n; END'");
  std::size_t rows = 0;
  EXPECT_THROW(
      source_->scan(
          many("SELECT refuse(n) FROM generate_series(1, 40000) AS n"), within(seconds(60)),
          {[](std::span<const Column>) {}, row_by_row([&](std::span<const Value>) { ++rows; })}),
      Error);
  EXPECT_LT(rows, 30'000U);
}

TEST_F(PostgresCopyTest, ReadsTypesWithoutABinaryForm) {
  const std::string sql = "SELECT interval '90 minutes'";
  EXPECT_EQ(read(*source_, many(sql)).rows, read(*source_, {sql, {}}).rows);
}

TEST_F(PostgresCopyTest, StopsInTheMiddle) {
  const std::int64_t server = pid();
  struct Enough {};
  EXPECT_THROW(source_->scan(many("SELECT generate_series(1, 100000000)"), within(seconds(60)),
                             {[](std::span<const Column>) {},
                              row_by_row([](std::span<const Value>) { throw Enough(); })}),
               Enough);
  EXPECT_EQ(pid(), server) << "the connection was not given up for it";
}

TEST_F(PostgresCopyTest, TellsWhatFailsInTheMiddleWithoutItsCell) {
  const std::int64_t server = pid();
  const Error error = error_of([&] {
    read(*source_, many("SELECT CASE WHEN n = 30000 THEN ('secret-' || n)::int ELSE n END "
                        "FROM generate_series(1, 40000) AS n"));
  });
  EXPECT_THAT(error.what(), HasSubstr("22P02"));
  EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
  EXPECT_EQ(pid(), server);
}

TEST_F(PostgresCopyTest, EndsAtTheDeadline) {
  const std::int64_t server = pid();
  const double took = elapsed([&] {
    const Error error = error_of([&] {
      read(*source_, many("SELECT n, pg_sleep(0.05)::text FROM generate_series(1, 1000) AS n"),
           within(milliseconds(300)));
    });
    EXPECT_EQ(error.reason(), Reason::timeout) << error.what();
  });
  EXPECT_LT(took, 40) << "all rows take 50 s";
  EXPECT_EQ(pid(), server);
}

TEST_F(PostgresCopyTest, EndsWhenItIsInterrupted) {
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(300));
    source_->interrupt();
  });
  const double took = elapsed([&] {
    const Error error = error_of([&] {
      read(*source_, many("SELECT n, pg_sleep(0.05)::text FROM generate_series(1, 1000) AS n"));
    });
    EXPECT_EQ(error.reason(), Reason::unavailable) << error.what();
  });
  other.join();
  EXPECT_LT(took, 40) << "all rows take 50 s";
}

TEST_F(PostgresCopyTest, SaysWhenTheConnectionIsLost) {
  const std::int64_t server = pid();
  const Error error = error_of([&] {
    source_->scan(many("SELECT generate_series(1, 100000000)"), within(seconds(60)),
                  {[](std::span<const Column>) {},
                   row_by_row([&, ended = false](std::span<const Value>) mutable {
                     if (!ended) read(*other_, {"SELECT pg_terminate_backend($1::int)", {server}});
                     ended = true;
                   })});
  });
  EXPECT_EQ(error.reason(), Reason::unavailable) << error.what();
  EXPECT_NE(pid(), server) << "a new connection";
}

}  // namespace
}  // namespace usage::testing
