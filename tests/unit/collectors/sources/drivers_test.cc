#include "collectors/sources/drivers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "exporter/base/timestamps.h"
#include "exporter/config/drivers.h"
#include "tests/support/source_fixture.h"

namespace usage {
namespace {

SourceConfig source_of(const std::string& driver) {
  SourceConfig source;
  source.name = "app";
  source.input = testing::database(driver);
  return source;
}

TEST(Drivers, BothTablesHaveTheSameRows) {
  std::vector<std::string_view> known;
  for (const DriverInfo& info : drivers()) {
    known.push_back(info.name);
  }
  std::vector<std::string_view> opened;
  for (const Driver& driver : driver_table()) {
    opened.push_back(driver.name);
  }
  EXPECT_EQ(known, opened);
}

TEST(Drivers, EveryRowIsComplete) {
  for (const DriverInfo& info : drivers()) {
    EXPECT_EQ(find_driver(info.name), &info);
    EXPECT_FALSE(info.syntaxes.empty()) << info.name;
    ASSERT_FALSE(info.schemes.empty()) << info.name;
    EXPECT_TRUE(info.example.starts_with(std::string(info.schemes.front()) + ":")) << info.name;
    for (const std::string_view scheme : info.schemes) {
      EXPECT_EQ(driver_of_scheme(scheme), &info) << scheme;
    }
  }
  EXPECT_EQ(driver_of_scheme("SQLITE"), nullptr);
  EXPECT_EQ(find_driver("postgres"), nullptr);
}

TEST(Drivers, OfASource) {
  EXPECT_EQ(driver_of(source_of("postgresql")).name, "postgresql");
  SourceConfig log;
  log.input = LogConfig();
  EXPECT_EQ(driver_of(log).name, "sqlite") << "the journal's";
  const Error error = testing::error_of([] { driver_of(source_of("oracle")); });
  EXPECT_EQ(error.reason(), Reason::config);
}

TEST(Drivers, DialectsWriteTheirOwnSql) {
  const Instant at = parse_rfc3339("2026-11-25T08:30:00Z").value();
  const SourceConfig sqlite_source = source_of("sqlite");
  const Dialect& sqlite = dialect_of(sqlite_source);
  EXPECT_EQ(sqlite.quoted_name("a \"b\""), R"("a ""b""")");
  EXPECT_EQ(sqlite.json_field("t.f", "a.b"), R"(json_extract(t.f, '$."a.b"'))");
  EXPECT_EQ(sqlite.time_bound(at, TimeFormat::text), Parameter("2026-11-25 08:30"));
  EXPECT_EQ(sqlite.time_literal(at), "'2026-11-25 08:30:00'");
  EXPECT_FALSE(sqlite.has_booleans());
  const SourceConfig postgres_source = source_of("postgresql");
  const Dialect& postgres = dialect_of(postgres_source);
  EXPECT_EQ(postgres.quoted_name("a \"b\""), R"("a ""b""")");
  EXPECT_EQ(postgres.json_field("t.f", "a.b"), "(CAST(t.f AS jsonb) ->> 'a.b')");
  EXPECT_EQ(postgres.time_bound(at, TimeFormat::text), Parameter(at));
  EXPECT_EQ(postgres.time_literal(at), "'2026-11-25T08:30:00Z'");
  EXPECT_TRUE(postgres.has_booleans());
}

}  // namespace
}  // namespace usage
