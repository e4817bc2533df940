#include "collectors/usage/reading/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/api/writer.h"
#include "collectors/sources/drivers.h"
#include "exporter/base/error.h"
#include "exporter/base/timestamps.h"
#include "tests/support/fake_source.h"
#include "tests/support/source_fixture.h"
#include "tests/support/temporary_folder.h"

namespace usage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Instant at(const char* text) { return parse_rfc3339(text).value(); }

SourceConfig sqlite(TimeFormat time_format = TimeFormat::text, const std::string& dsn = "") {
  SourceConfig source;
  source.name = "app";
  source.input = testing::database("sqlite", dsn);
  source.time_format = time_format;
  return source;
}

TEST(UsageRows, AsksForEachColumnOnceAndQuotesEveryName) {
  Select select("audit.export logs", "feature \"export\"", dialect_of(sqlite()));
  EXPECT_EQ(select.add("created_at"), 0U);
  EXPECT_EQ(select.add(""), std::nullopt);
  EXPECT_EQ(select.add("a \"b\""), 1U);
  EXPECT_EQ(select.add("created_at"), 0U);
  EXPECT_EQ(select.sql_between("created_at"),
            "SELECT t.\"created_at\", t.\"a \"\"b\"\"\" FROM \"audit\".\"export logs\" t "
            "WHERE t.\"created_at\" >= $1 AND t.\"created_at\" < $2");
  EXPECT_EQ(select.sql_oldest("created_at"),
            "SELECT MIN(t.\"created_at\") FROM \"audit\".\"export logs\" t "
            "WHERE t.\"created_at\" >= $1");
}

TEST(UsageRows, NamesTheColumnThatTheTableLacks) {
  FakeSource source({{columns_named({"created_at", "format"}), {}}});
  Select select("export_logs", "feature \"export\"", dialect_of(sqlite()));
  select.add("created_at");
  select.add("formt");
  try {
    select.check(source, select.query(select.sql(), {}), {});
    FAIL() << "nothing was found";
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), Reason::query);
    EXPECT_STREQ(error.what(),
                 "feature \"export\": the table \"export_logs\" has no column \"formt\"; did you "
                 "mean \"format\"?");
  }
}

// Rows written in every usual way fall on the right side of a bound, at midnight and at other
// hours.
TEST(UsageRows, TextBoundsSortRightWhateverFollowsTheMinutes) {
  const testing::TemporaryFolder folder;
  const SourceConfig source = sqlite(TimeFormat::text, "sqlite:" + folder.file("rows.db"));
  open_writer(source.database()->dsn)
      ->execute(
          "CREATE TABLE r (t TEXT, inside INTEGER);"
          "INSERT INTO r VALUES ('2026-11-25 08:00:00', 1), ('2026-11-25 08:00', 1),"
          " ('2026-11-25 08:00:00.5', 1), ('2026-11-25 09:59:59.999', 1),"
          " ('2026-11-25 10:00:00', 0), ('2026-11-25 07:59:59', 0), ('2026-11-25 10:00', 0);"
          "CREATE TABLE z (t TEXT, inside INTEGER);"
          "INSERT INTO z VALUES ('2026-11-25T08:00:00Z', 1), ('2026-11-25T08:00:00.250Z', 1),"
          " ('2026-11-25T08:00:00+00:00', 1), ('2026-11-25T09:59:59.999Z', 1),"
          " ('2026-11-25T10:00:00.250Z', 0), ('2026-11-25T10:00:00Z', 0),"
          " ('2026-11-25T07:59:59.9Z', 0);"
          "CREATE TABLE d (t TEXT, inside INTEGER);"
          "INSERT INTO d VALUES ('2026-11-25', 1), ('2026-11-26', 0), ('2026-11-24', 0);");
  const SystemClock clock;
  const auto database = open_source(source, clock);
  const auto outside = [&](const char* table, const Interval& interval, TimeFormat time_format) {
    Select select(table, "test", dialect_of(source));
    select.add("t");
    select.add("inside");
    int wrong = 0;
    int rows = 0;
    const RowSink sink{.columns = [](auto) {},
                       .rows = row_by_row([&](std::span<const Value> row) {
                         ++rows;
                         wrong += std::get<std::int64_t>(row[1]) == 1 ? 0 : 1;
                         const auto time = instant_of(row[0], "t", time_format);
                         wrong += *time >= interval.from && *time < interval.to ? 0 : 1;
                       })};
    database->scan({select.sql_between("t"), bounds(interval, source, time_format)},
                   clock.steady_now() + std::chrono::seconds(60), sink);
    return std::pair(rows, wrong);
  };
  const Interval hours{at("2026-11-25T08:00:00Z"), at("2026-11-25T10:00:00Z")};
  const Interval day{at("2026-11-25"), at("2026-11-26")};
  EXPECT_EQ(outside("r", hours, TimeFormat::text), std::pair(4, 0));
  EXPECT_EQ(outside("z", hours, TimeFormat::iso8601), std::pair(4, 0));
  EXPECT_EQ(outside("d", day, TimeFormat::text), std::pair(1, 0));
  EXPECT_EQ(outside("d", day, TimeFormat::iso8601), std::pair(1, 0));
}

TEST(UsageRows, OnlyRowsWithTheValuesAreRead) {
  const testing::TemporaryFolder folder;
  const SourceConfig source = sqlite(TimeFormat::text, "sqlite:" + folder.file("rows.db"));
  open_writer(source.database()->dsn)
      ->execute(
          "CREATE TABLE r (t TEXT, event TEXT, team INTEGER, paid BOOLEAN, n INTEGER);"
          "INSERT INTO r VALUES ('2026-11-25 08:30:00', 'export', 7, 1, 1),"
          " ('2026-11-25 08:40:00', 'png''s', 7, 1, 2), ('2026-11-25 08:00:00', 'export', 8, 1, 4),"
          " ('2026-11-25 08:10:00', 'export', 7, 0, 8), ('2026-11-25 08:00:00', NULL, 7, 1, 16);");
  const SystemClock clock;
  const auto database = open_source(source, clock);
  Select select("r", "test", dialect_of(source));
  TableConfig table;
  table.where = {{"event", {"export", "png's"}}, {"team", {"7"}}, {"paid", {"true"}}};
  select.restrict_to(table, source);
  select.add("n");
  const Interval hour{at("2026-11-25T08:00:00Z"), at("2026-11-25T09:00:00Z")};
  const auto deadline = clock.steady_now() + std::chrono::seconds(60);
  std::int64_t sum = 0;
  const auto bounds_of_hour = bounds(hour, source, std::nullopt);
  database->scan(select.query(select.sql_between("t"), bounds_of_hour), deadline,
                 {.columns = [](auto) {},
                  .rows = row_by_row([&](auto row) { sum += std::get<std::int64_t>(row[0]); })});
  EXPECT_EQ(sum, 1 + 2);
  std::string oldest;
  database->scan(select.query(select.sql_oldest("t"), {bounds_of_hour.front()}), deadline,
                 {.columns = [](auto) {}, .rows = row_by_row([&](auto row) {
                                            oldest = std::get<std::string_view>(row[0]);
                                          })});
  EXPECT_EQ(oldest, "2026-11-25 08:30:00");
}

TEST(UsageRows, BoundsOfOtherKinds) {
  const Interval hour{at("2026-11-25T08:00:00Z"), at("2026-11-25T09:00:00Z")};
  EXPECT_THAT(
      bounds(hour, sqlite(TimeFormat::unix), std::nullopt),
      ElementsAre(Parameter(std::int64_t{1795593600}), Parameter(std::int64_t{1795597200})));
  EXPECT_THAT(
      bounds(hour, sqlite(), TimeFormat::unix_ms),
      ElementsAre(Parameter(std::int64_t{1795593600000}), Parameter(std::int64_t{1795597200000})));
  SourceConfig postgres;
  postgres.input = testing::database("postgresql");
  EXPECT_THAT(bounds(hour, postgres, std::nullopt),
              ElementsAre(Parameter(hour.from), Parameter(hour.to)));
}

TEST(UsageRows, ReadsTimes) {
  const auto read = [](const Value& value, TimeFormat time_format = TimeFormat::text) {
    return instant_of(value, "created_at", time_format);
  };
  const Instant noon = at("2026-11-25T12:00:00Z");
  EXPECT_EQ(read(Value()), std::nullopt);
  EXPECT_EQ(read(noon), noon);
  for (const char* text :
       {"2026-11-25 12:00:00", "2026-11-25T12:00:00", "2026-11-25 12:00", "2026-11-25T12:00:00Z",
        "2026-11-25 13:00:00+01:00", "2026-11-25 12:00:00.000"}) {
    EXPECT_EQ(read(std::string_view(text)), noon) << text;
  }
  EXPECT_EQ(read(std::string_view("2026-11-25")), at("2026-11-25"));
  EXPECT_EQ(read(std::int64_t{1795608000}, TimeFormat::unix), noon);
  EXPECT_EQ(read(1795608000.25, TimeFormat::unix), noon + std::chrono::milliseconds(250));
  EXPECT_EQ(read(std::int64_t{1795608000250}, TimeFormat::unix_ms),
            noon + std::chrono::milliseconds(250));
  EXPECT_EQ(read(std::string_view("2024-02-29 23:59:59")), at("2024-02-29T23:59:59Z"));
  for (const char* wrong : {"2026-02-29 12:00:00", "2026-11-25 24:00:00", "2026-11-25 12:60:00",
                            "2026-11-25 12:00:0x"}) {
    EXPECT_THROW(read(std::string_view(wrong)), Error) << wrong;
  }
  for (const Value& wrong :
       {Value(std::int64_t{1795608000}), Value(std::string_view("soon")), Value(true)}) {
    EXPECT_THROW(read(wrong), Error);
  }
}

TEST(UsageRows, TheErrorOfATimeShowsNothingOfTheRow) {
  try {
    instant_of(std::string_view("hunter2"), "created_at", TimeFormat::text);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("created_at"));
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("hunter2")));
  }
}

TEST(UsageRows, ReadsTextsAndNumbers) {
  std::string buffer;
  EXPECT_EQ(text_of(std::int64_t{-7}, buffer), "-7");
  EXPECT_EQ(text_of(2.5, buffer), "2.5");
  EXPECT_EQ(text_of(true, buffer), "true");
  EXPECT_EQ(text_of(std::string_view("7"), buffer), "7");
  EXPECT_EQ(text_of(Value(), buffer), std::nullopt);
  EXPECT_EQ(number_of(std::int64_t{7}), 7);
  EXPECT_EQ(number_of(std::string_view("12.50")), 12.5);  // numeric of PostgreSQL
  EXPECT_EQ(number_of(std::string_view("12.5s")), std::nullopt);
  EXPECT_EQ(number_of(Value()), std::nullopt);
  EXPECT_TRUE(is_one_of("1", {"true"}));
  EXPECT_TRUE(is_one_of("0", {"no", "false"}));
  EXPECT_FALSE(is_one_of("2", {"true"}));
}

}  // namespace
}  // namespace usage
