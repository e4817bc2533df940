// What only PostgreSQL has: its types, its sessions, its server that comes and goes.

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cmath>
#include <limits>
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

void control(const std::string& verb) {
  const char* command = std::getenv("USAGE_TEST_POSTGRES_CONTROL");
  ASSERT_NE(command, nullptr) << "run under tests/support/with_postgres.py";
  ASSERT_EQ(std::system((std::string(command) + " " + verb).c_str()), 0) << verb;
}

// A server that takes connections and says nothing.
class SilentServer {
 public:
  SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { ::close(socket_); }
  int port() const { return port_; }
  int descriptor() const { return socket_; }

 private:
  int socket_;
  int port_ = 0;
};

// Passes connections on to another port of this machine, each after a while, as a server far away.
class SlowProxy {
 public:
  SlowProxy(int target, milliseconds delay) : target_(target), delay_(delay) {
    acceptor_ = std::thread([this] { accept_all(); });
  }
  // The clients are gone before.
  ~SlowProxy() {
    stopped_ = true;
    acceptor_.join();
    for (std::thread& pump : pumps_) {
      pump.join();
    }
  }
  int port() const { return listener_.port(); }

 private:
  void accept_all() {
    while (!stopped_) {
      pollfd wanted{listener_.descriptor(), POLLIN, 0};
      if (::poll(&wanted, 1, 20) > 0) {
        const int client = ::accept(listener_.descriptor(), nullptr, nullptr);
        pumps_.emplace_back([this, client] { pump(client); });
      }
    }
  }

  void pump(int client) const {
    std::this_thread::sleep_for(delay_);
    const int server = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(target_));
    ::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address);
    std::array<char, 4096> bytes{};
    for (bool open = true; open;) {
      std::array<pollfd, 2> ends{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
      ::poll(ends.data(), ends.size(), -1);
      for (std::size_t i = 0; i < ends.size() && open; ++i) {
        if (ends[i].revents != 0) {
          const ssize_t size = ::read(ends[i].fd, bytes.data(), bytes.size());
          open = size > 0 && ::send(ends[1 - i].fd, bytes.data(), static_cast<std::size_t>(size),
                                    MSG_NOSIGNAL) == size;
        }
      }
    }
    ::close(client);
    ::close(server);
  }

  int target_;
  milliseconds delay_;
  SilentServer listener_;
  std::atomic<bool> stopped_ = false;
  std::vector<std::thread> pumps_;
  std::thread acceptor_;
};

class PostgresTest : public ::testing::Test {
 protected:
  PostgresTest() {
    place_.driver = "postgresql";
    place_.dsn = postgres_dsn();
    source_ = open_source(place_.config(), clock_);
    other_ = open_source(place_.config(), clock_);
  }

  std::vector<Kept> row(const std::string& sql) { return read(*source_, {sql, {}}).rows.at(0); }

  std::int64_t running(const std::string& text) {
    return std::get<std::int64_t>(
        read(*other_,
             {"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE "
              "'%' || $1 || '%' AND pid <> pg_backend_pid()",
              {text}})
            .rows.at(0)
            .at(0));
  }

  // A server under load may take a moment to show that it began or gave up.
  bool becomes(std::int64_t count, const std::string& text) {
    for (int i = 0; i < 5000 && running(text) != count; ++i) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    return running(text) == count;
  }
  bool gone(const std::string& text) { return becomes(0, text); }

  // Ends the sessions of a role and waits until the server has.
  void end_sessions(const std::string& role) {
    const Query left{
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = $1", {role}};
    while (read(*other_, left).rows.at(0).at(0) != Kept(std::int64_t{0})) {
      std::this_thread::sleep_for(milliseconds(10));
    }
  }

  Place place_;
  SystemClock clock_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Source> other_;
};

// In binary and, beside a type that has no binary decoder, in text.
TEST_F(PostgresTest, ReadsItsTypesInBothForms) {
  const std::string cells =
      "SELECT true, 'x'::\"char\", 'n'::name, 32767::int2, (-2147483648)::int4, 26::oid, "
      "1.1::float4, 'NaN'::float8, '-Infinity'::float8, 'b'::char(3), 'v'::varchar, "
      "'{\"a\": 1}'::json, '2026-11-25'::date, "
      "'6b9f1c3e-0000-4000-8000-0123456789ab'::uuid, "
      "timestamptz '2026-11-25 08:00:00.5+00', timestamp '2026-11-25 08:00:00', 'u'";
  const Instant morning = *parse_rfc3339("2026-11-25T08:00:00Z");
  const std::vector<Kept> binary = row(cells);
  std::vector<Kept> text = row(cells + ", '1 day'::interval");
  EXPECT_EQ(text.back(), Kept(std::string("1 day")));
  text.pop_back();
  ASSERT_EQ(binary.size(), 17U);
  EXPECT_TRUE(std::isnan(std::get<double>(binary[7])));
  EXPECT_TRUE(std::isnan(std::get<double>(text[7])));
  text[7] = Kept();
  std::vector<Kept> expected = binary;
  expected[7] = Kept();
  EXPECT_EQ(text, expected);
  EXPECT_THAT(
      expected,
      ElementsAre(
          Kept(true), Kept(std::string("x")), Kept(std::string("n")), Kept(std::int64_t{32767}),
          Kept(std::int64_t{-2147483648}), Kept(std::int64_t{26}), Kept(1.1), Kept(),
          Kept(-std::numeric_limits<double>::infinity()), Kept(std::string("b  ")),
          Kept(std::string("v")), Kept(std::string("{\"a\": 1}")), Kept(std::string("2026-11-25")),
          Kept(std::string("6b9f1c3e-0000-4000-8000-0123456789ab")),
          Kept(morning + milliseconds(500)), Kept(morning), Kept(std::string("u"))));
}

// Binary decoding against the server's own text of the same values.
TEST_F(PostgresTest, WritesNumericsAndDatesAsPsqlDoes) {
  for (const std::string value : {"0",
                                  "0.00",
                                  "-0.0001",
                                  "1",
                                  "-1",
                                  "9999",
                                  "10000",
                                  "10001.5",
                                  "123456789012345678901234567890",
                                  "0.000000000000000000012345",
                                  "-98765432109876.54321",
                                  "1e40",
                                  "1e-40",
                                  "100000000.0001",
                                  "NaN",
                                  "Infinity",
                                  "-Infinity",
                                  "12.3400",
                                  "0.10",
                                  "5000.00050000"}) {
    const auto cells = row("SELECT n, n::text FROM (SELECT '" + value + "'::numeric AS n) AS v");
    EXPECT_EQ(cells[0], cells[1]) << value;
  }
  for (const std::string value :
       {"2026-11-25", "2000-01-01", "1999-12-31", "1970-01-01", "0001-01-01", "0044-03-15 BC",
        "0001-12-31 BC", "9999-12-31", "12026-02-28", "2000-02-29", "4713-01-01 BC", "infinity",
        "-infinity", "5874897-12-31"}) {
    const auto cells = row("SELECT d, d::text FROM (SELECT '" + value + "'::date AS d) AS v");
    EXPECT_EQ(cells[0], cells[1]) << value;
  }
}

TEST_F(PostgresTest, RefusesEndlessTimes) {
  for (const std::string value : {"infinity", "-infinity", "0044-03-15 BC", "294276-12-31"}) {
    for (const std::string also : {"", ", interval '1 day'"}) {
      const Error error =
          error_of([&] { row("SELECT timestamptz '" + value + "' AS seen" + also); });
      EXPECT_EQ(error.reason(), Reason::data) << value;
      EXPECT_THAT(error.what(), HasSubstr("seen"));
    }
  }
}

TEST_F(PostgresTest, ReadsNaiveTimesInTheirZone) {
  SourceConfig config = place_.config();
  config.naive_time_zone = "Europe/Berlin";
  const auto source = open_source(config, clock_);
  const std::string sql =
      "SELECT timestamp '2026-07-01 10:00:00.25' AS naive, "
      "timestamptz '2026-07-01 08:00:00.25+00', timestamp '2026-11-25 09:00:00'";
  for (const std::string also : {"", ", interval '1 day'"}) {
    const auto cells = read(*source, {sql + also, {}}).rows.at(0);
    EXPECT_EQ(cells[0], Kept(*parse_rfc3339("2026-07-01T08:00:00.25Z")));
    EXPECT_EQ(cells[1], cells[0]);
    EXPECT_EQ(cells[2], Kept(*parse_rfc3339("2026-11-25T08:00:00Z")));
  }
  const Query compared{"SELECT timestamp '2026-07-01 10:00' = $1",
                       {*parse_rfc3339("2026-07-01T08:00:00Z")}};
  EXPECT_EQ(read(*source, compared).rows.at(0).at(0), Kept(true));
}

TEST_F(PostgresTest, NamesTypesItDoesNotKnow) {
  const Table table =
      read(*source_, {"SELECT '1 day'::interval AS i, ARRAY[1, 2] AS a, 1::int8 AS n", {}});
  EXPECT_EQ(table.columns.at(0).database_type, "interval");
  EXPECT_EQ(table.columns.at(1).database_type, "integer[]");
  EXPECT_EQ(table.rows.at(0).at(1), Kept(std::string("{1,2}")));
  EXPECT_EQ(table.rows.at(0).at(2), Kept(std::int64_t{1}));
}

TEST_F(PostgresTest, IsAPoliteReader) {
  EXPECT_THAT(
      row("SELECT current_setting('application_name'), current_setting('transaction_read_only'),"
          " current_setting('default_transaction_read_only'), current_setting('lock_timeout'),"
          " current_setting('client_encoding')"),
      ElementsAre(Kept(std::string("usage_exporter")), Kept(std::string("on")),
                  Kept(std::string("on")), Kept(std::string("1s")), Kept(std::string("UTF8"))));
  SourceConfig config = place_.config();
  database_of(config).dsn =
      Secret(place_.dsn + "?application_name=mine&options=-c%20work_mem%3D1MB");
  const auto named = open_source(config, clock_);
  EXPECT_THAT(
      read(*named, {"SELECT current_setting('application_name'), current_setting('work_mem'), "
                    "current_setting('default_transaction_read_only')",
                    {}})
          .rows.at(0),
      ElementsAre(Kept(std::string("mine")), Kept(std::string("1MB")), Kept(std::string("on"))));
  config = place_.config();
  database_of(config).pgbouncer = true;
  const auto pooled = open_source(config, clock_);
  EXPECT_THAT(read(*pooled, {"SELECT current_setting('transaction_read_only'), "
                             "current_setting('default_transaction_read_only')",
                             {}})
                  .rows.at(0),
              ElementsAre(Kept(std::string("on")), Kept(std::string("off"))));
}

TEST_F(PostgresTest, RefusesFunctionsThatWrite) {
  const auto writer = place_.writer();
  writer->execute(
      "DROP TABLE IF EXISTS victim; CREATE TABLE victim (i int); "
      "CREATE OR REPLACE FUNCTION strike() RETURNS int LANGUAGE sql VOLATILE AS "
      "'INSERT INTO victim VALUES (1) RETURNING i'");
  const Error error = error_of([&] { row("SELECT strike()"); });
  EXPECT_EQ(error.reason(), Reason::query);
  EXPECT_THAT(error.what(), HasSubstr("25006"));
  EXPECT_EQ(row("SELECT count(*) FROM victim").at(0), Kept(std::int64_t{0}));
}

TEST_F(PostgresTest, CancelsOnTheServer) {
  const std::string query = "SELECT count(*) AS cancel_me FROM generate_series(1, 100000000000)";
  // A server under load may not have begun it in the first second.
  bool seen = false;
  for (seconds patience(1); !seen && patience < seconds(100); patience *= 2) {
    std::jthread watch([&](const std::stop_token& stop) {
      while (!seen && !stop.stop_requested()) seen = running("AS cancel_me") == 1;
    });
    EXPECT_EQ(error_of([&] { read(*source_, {query, {}}, within(patience)); }).reason(),
              Reason::timeout);
  }
  EXPECT_TRUE(seen);
  EXPECT_TRUE(gone("AS cancel_me"));
  const auto pid = row("SELECT pg_backend_pid()");
  struct Enough {};
  EXPECT_THROW(
      source_->scan({"SELECT generate_series(1, 100000000) AS flood_me", {}}, within(seconds(60)),
                    {[](std::span<const Column>) {},
                     row_by_row([](std::span<const Value>) { throw Enough(); })}),
      Enough);
  EXPECT_TRUE(gone("AS flood_me"));
  EXPECT_EQ(row("SELECT pg_backend_pid()"), pid) << "the connection was not given up for it";
}

// The process may end as soon as the scan has: by then the server has done what was asked.
TEST_F(PostgresTest, CancelsOnTheServerBeforeAnInterruptedScanEnds) {
  const std::size_t colon = place_.dsn.rfind(':');
  const std::size_t slash = place_.dsn.rfind('/');
  const SlowProxy proxy(std::stoi(place_.dsn.substr(colon + 1, slash - colon - 1)),
                        milliseconds(300));
  SourceConfig config = place_.config();
  database_of(config).dsn = Secret(place_.dsn.substr(0, colon + 1) + std::to_string(proxy.port()) +
                                   place_.dsn.substr(slash));
  const auto far = open_source(config, clock_);
  std::thread other([&] {
    EXPECT_TRUE(becomes(1, "AS leave_me"));
    far->interrupt();
  });
  const Error error = error_of([&] { read(*far, {"SELECT pg_sleep(100) AS leave_me", {}}); });
  other.join();
  EXPECT_EQ(running("AS leave_me"), 0);
  EXPECT_EQ(error.reason(), Reason::unavailable) << error.what();
}

TEST_F(PostgresTest, LeavesAStatementWithoutADescriptorLeft) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  struct Enough {};
  EXPECT_THROW(
      source_->scan({"SELECT generate_series(1, 100000000) AS leave_me", {}}, within(seconds(60)),
                    {[](std::span<const Column>) {}, row_by_row([&](std::span<const Value>) {
                       const rlimit none{0, before.rlim_max};
                       ::setrlimit(RLIMIT_NOFILE, &none);
                       throw Enough();
                     })}),
      Enough);
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(row("SELECT 7").at(0), Kept(std::int64_t{7}));
}

TEST_F(PostgresTest, QuotesNoCellInAnError) {
  const auto writer = place_.writer();
  writer->execute(
      "DROP TABLE IF EXISTS keyed; CREATE TABLE keyed (k text); "
      "INSERT INTO keyed VALUES ('alice@example.com'); "
      "CREATE OR REPLACE FUNCTION read_from(name text) RETURNS int LANGUAGE plpgsql AS "
      "'BEGIN EXECUTE format(''SELECT 1 FROM %I'', name); RETURN 1; END'");
  for (const std::string expression :
       {"current_setting(k)", "k::regclass", "k::regrole", "read_from(k)", "pg_database_size(k)",
        "k::int", "has_table_privilege(k, 'SELECT')", "to_tsvector(k::regconfig, 'x')",
        "nextval(k)"}) {
    const Error error = error_of([&] { row("SELECT " + expression + " AS v FROM keyed"); });
    EXPECT_THAT(error.what(), Not(HasSubstr("alice"))) << expression;
    EXPECT_THAT(error.what(), HasSubstr("SQLSTATE")) << expression;
  }
  EXPECT_THAT(error_of([&] { row("SELECT current_setting(k) FROM keyed"); }).what(),
              HasSubstr("undefined_object (SQLSTATE 42704)"));
}

TEST_F(PostgresTest, QuotesNothingOfAStatementWithASecret) {
  for (const std::string sql :
       {"SELECT hunter2", "SELECT * FROM hunter2", "hunter2", "SELECT 'hunter2'::regclass",
        "SELECT currval('hunter2')", "SELECT 1 FROM pg_class WHERE relname = 'hunter2",
        "SELECT current_setting('hunter2')"}) {
    const Query query{sql, {}, true};
    const Error error = error_of([&] { read(*source_, query); });
    EXPECT_EQ(error.reason(), Reason::query);
    EXPECT_THAT(error.what(), Not(HasSubstr("hunter2"))) << sql;
    EXPECT_THAT(error.what(), HasSubstr("(SQLSTATE 42")) << sql;
  }
  EXPECT_THAT(
      error_of([&] { source_->describe({"SELECT hunter2", {}, true}, within(seconds(5))); }).what(),
      HasSubstr("undefined_column (SQLSTATE 42703)"));
}

TEST_F(PostgresTest, StaysConnectedAfterAFailedQuery) {
  const auto pid = row("SELECT pg_backend_pid()");
  error_of([&] { row("SELECT 1 / 0"); });
  error_of([&] { row("SELECT * FROM nowhere"); });
  error_of([&] { read(*source_, {"SELECT pg_sleep(9)", {}}, within(milliseconds(200))); });
  EXPECT_EQ(row("SELECT pg_backend_pid()"), pid);
}

TEST_F(PostgresTest, GivesUpOnLocks) {
  const auto writer = place_.writer();
  writer->execute("DROP TABLE IF EXISTS held; CREATE TABLE held (i int)");
  writer->begin();
  writer->execute("LOCK TABLE held");
  const double took = elapsed([&] {
    const Error error = error_of([&] { row("SELECT * FROM held"); });
    EXPECT_EQ(error.reason(), Reason::timeout);
    EXPECT_THAT(error.what(), HasSubstr("lock_timeout"));
  });
  EXPECT_GE(took, 1);
  writer->commit();
}

TEST_F(PostgresTest, ComesBackWithTheServer) {
  row("SELECT 1");
  control("stop");
  const Error error = error_of([&] { row("SELECT 1"); });
  EXPECT_EQ(error.reason(), Reason::unavailable) << error.what();
  control("start");
  std::this_thread::sleep_for(milliseconds(1100));
  EXPECT_EQ(row("SELECT 7").at(0), Kept(std::int64_t{7}));
  control("stop");
  control("start");
  EXPECT_EQ(row("SELECT 7").at(0), Kept(std::int64_t{7})) << "a new connection at once";
}

TEST_F(PostgresTest, SurvivesTheServersDeath) {
  row("SELECT 1");
  std::thread killer([] {
    std::this_thread::sleep_for(milliseconds(500));
    control("kill");
  });
  const double took = elapsed([&] {
    const Error error = error_of([&] { row("SELECT pg_sleep(60)"); });
    EXPECT_EQ(error.reason(), Reason::unavailable) << error.what();
  });
  killer.join();
  EXPECT_LT(took, 50) << "the query takes a minute";
  control("start");
  EXPECT_EQ(row("SELECT 7").at(0), Kept(std::int64_t{7}));
}

TEST_F(PostgresTest, SaysWhenAnAdministratorEndedIt) {
  std::thread administrator([&] {
    EXPECT_TRUE(becomes(1, "AS end_me"));
    place_.writer()->execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%end_me%' "
        "AND pid <> pg_backend_pid()");
  });
  const Error error = error_of([&] { row("SELECT pg_sleep(60) AS end_me"); });
  administrator.join();
  EXPECT_EQ(error.reason(), Reason::unavailable);
  EXPECT_THAT(error.what(), HasSubstr("57P01"));
  EXPECT_EQ(row("SELECT 7").at(0), Kept(std::int64_t{7}));
}

TEST_F(PostgresTest, WaitsForASilentServerNoLongerThanTold) {
  const SilentServer server;
  SourceConfig config = place_.config();
  database_of(config).dsn =
      Secret("postgresql://postgres@127.0.0.1:" + std::to_string(server.port()) + "/x");
  config.connect_timeout = seconds(1);
  const auto source = open_source(config, clock_);
  const double took = elapsed([&] {
    const Error error = error_of([&] { read(*source, {"SELECT 1", {}}); });
    EXPECT_EQ(error.reason(), Reason::unavailable);
    EXPECT_THAT(error.what(), HasSubstr("connect_timeout"));
  });
  EXPECT_GE(took, 1);
}

TEST_F(PostgresTest, ReadsThePasswordFileAtEveryConnect) {
  const auto writer = place_.writer();
  writer->execute("DROP ROLE IF EXISTS rotated; CREATE ROLE rotated LOGIN PASSWORD 'first-secret'");
  const TemporaryFolder folder;
  FakeClock clock(*parse_rfc3339("2026-11-25T08:00:00Z"));
  SourceConfig config = place_.config();
  std::string dsn = place_.dsn;
  database_of(config).dsn = Secret(dsn.replace(dsn.find("postgres@"), 8, "rotated"));
  database_of(config).password_file = folder.file("password");
  write_file(database_of(config).password_file, "wrong-secret\n");
  const auto source = open_source(config, clock);
  const auto query = [&] {
    return read(*source, {"SELECT 7", {}}, clock.steady_now() + seconds(5));
  };
  const Error refused = error_of(query);
  EXPECT_EQ(refused.reason(), Reason::unavailable);
  EXPECT_THAT(refused.what(), HasSubstr("28P01"));
  EXPECT_THAT(refused.what(), HasSubstr("password_file of source \"app\""));
  EXPECT_THAT(refused.what(), Not(HasSubstr("secret")));
  EXPECT_THAT(error_of(query).what(), HasSubstr("tries again"));
  write_file(database_of(config).password_file, "first-secret\n");
  clock.advance(seconds(1));
  EXPECT_EQ(query().rows.size(), 1U);

  writer->execute("ALTER ROLE rotated PASSWORD 'second-secret'");
  write_file(database_of(config).password_file, "second-secret");
  end_sessions("rotated");
  EXPECT_EQ(query().rows.size(), 1U);

  std::filesystem::remove(database_of(config).password_file);
  end_sessions("rotated");
  EXPECT_THAT(error_of(query).what(), HasSubstr("password_file"));
}

TEST_F(PostgresTest, NeverRepeatsADsnItCannotRead) {
  for (const std::string dsn :
       {"postgresql://u:se@cret@host/db", "postgresql://u:se/cret@host/db",
        "postgresql://u:cret@[::1/db", "postgresql://u:cret@host:port:1/db?x",
        "postgresql://u:cret@host/db?nonsense=1"}) {
    SourceConfig config = place_.config();
    database_of(config).dsn = Secret(dsn);
    const Error error = error_of([&] { read(*open_source(config, clock_), {"SELECT 1", {}}); });
    EXPECT_THAT(error.what(), Not(HasSubstr("cret"))) << dsn;
  }
}

TEST_F(PostgresTest, WriterStoresEveryKindOfValue) {
  const auto writer = place_.writer();
  writer->execute("DROP TABLE IF EXISTS kinds; CREATE TABLE kinds (r float8, at timestamptz)");
  const Instant at = *parse_rfc3339("2026-11-25T08:00:00.000001Z");
  const Value row_of[] = {1e-300, at};
  bool given = false;
  writer->insert("kinds", {"r", "at"}, [&]() -> std::span<const Value> {
    return std::exchange(given, true) ? std::span<const Value>() : row_of;
  });
  EXPECT_THAT(row("SELECT r, at FROM kinds"), ElementsAre(Kept(1e-300), Kept(at)));
}

}  // namespace
}  // namespace usage::testing
