// Config::shown: what people may see of a config.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "exporter/config/config.h"

namespace usage {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string shown(const std::string& text) {
  Problems problems;
  const Config config = load_config_text("test.yml", text, problems);
  problems.throw_if_any();
  return config.shown;
}

std::string with_query(const std::string& sql, const std::string& dsn = "sqlite:x.db") {
  return shown("sources: {app: {dsn: \"" + dsn + R"("}}
collectors:
  one:
    source: app
    query: |
      )" + sql +
               R"(
    metrics: {app_n: {help: One., value: n}}
)");
}

TEST(ConfigShown, HidesEverySecretThatIsWrittenInTheFileItself) {
  Problems problems;
  const Config config = load_config_text("test.yml", R"(
sources:
  app: {dsn: "postgresql://reader:s3cr3t-password@db/app"}
  web: {ingest: {keys: [{name: first, key: first-write-key-1}, {name: next, key: next-write-key-2}]}}
features: {export: {source: web, event: Export Used, attempts: {key: [user, properties.format]}}}
)",
                                         problems);
  problems.throw_if_any();
  std::vector<std::string> secrets;
  for (const SourceConfig& source : config.sources) {
    if (const DatabaseConfig* const database = source.database()) {
      secrets.push_back(database->dsn.reveal());
    }
    for (const auto& key :
         source.ingest() ? source.ingest()->keys : std::vector<IngestConfig::Key>()) {
      secrets.push_back(key.key.reveal());
    }
  }
  EXPECT_EQ(secrets.size(), 3);
  for (const std::string& secret : secrets) {
    EXPECT_THAT(config.shown, Not(HasSubstr(secret)));
  }
  EXPECT_THAT(config.shown, HasSubstr("name: first"));
  EXPECT_THAT(config.shown, HasSubstr("properties.format"));  // another "key", and no secret
}

TEST(ConfigShown, IsTheConfigWithoutComments) {
  EXPECT_EQ(shown(R"(
timezone: Europe/Berlin  # home
sources: {app: {dsn: "sqlite:x.db", timeout: 3s, labels: {region: "eu: west"}}}
windows: [1d, 7d]
features: {export: {table: e, time: t}}
collectors:
  one:
    source: app
    query: |
      SELECT n,
             m
      FROM t
    metrics: {app_n: {help: One., value: n, labels: []}}
)"),
            R"(timezone: Europe/Berlin
sources:
  app:
    dsn: "<hidden>"
    timeout: 3s
    labels:
      region: "eu: west"
windows:
  - 1d
  - 7d
features:
  export:
    table: e
    time: t
collectors:
  one:
    source: app
    query: |
      SELECT n,
             m
      FROM t
    metrics:
      app_n:
        help: One.
        value: n
        labels: []
)");
}

TEST(ConfigShown, WhatIsShownReadsBackAsTheSame) {
  const std::string once = with_query("SELECT 1 AS n -- it's one\n      WHERE a <> $1");
  std::string again = once;
  again.replace(again.find("<hidden>"), 8, "sqlite:x.db");
  EXPECT_EQ(shown(again), once);
}

TEST(ConfigShown, NothingFromTheEnvironment) {
  ::setenv("SHOWN_TEST", "planted", 1);
  ::setenv("SHOWN_ZONE", "Europe/Malta", 1);
  const std::string text = shown(R"(
timezone: ${SHOWN_ZONE}
sources: {app: {dsn: "sqlite:${SHOWN_TEST}.db", labels: {team: "a ${SHOWN_TEST}"}}}
features: {export: {title: "${SHOWN_TEST}", table: e, time: t}}
)");
  EXPECT_THAT(text, Not(HasSubstr("planted")));
  EXPECT_THAT(text, Not(HasSubstr("Malta")));
  EXPECT_THAT(text, HasSubstr("team: \"<hidden>\""));
}

TEST(ConfigShown, NobodyWhoIsLeftOut) {
  const std::string text = shown(R"(
sources: {app: {dsn: "sqlite:x.db"}}
population:
  users: {table: u, id: id, exclude: {column: email, in: [alice@example.com, bob]}}
features: {export: {table: e, time: t, user: u}}
)");
  EXPECT_THAT(text, Not(HasSubstr("alice")));
  EXPECT_THAT(text, Not(HasSubstr("bob")));
  EXPECT_THAT(text, HasSubstr("column: email"));
}

struct ShownSql {
  const char *sql, *shown;
};

void expect_shown(const std::vector<ShownSql>& cases, const std::string& dsn) {
  for (const auto& [sql, expected] : cases) {
    const std::string text = with_query(sql, dsn);
    EXPECT_THAT(text, HasSubstr(expected)) << sql;
    EXPECT_THAT(text, Not(HasSubstr("alice"))) << sql;
  }
}

TEST(ConfigShown, NoTextInQuotesWithinSqlOfPostgresql) {
  expect_shown(
      {
          {"SELECT 1 AS n WHERE a = 'alice' AND b > 2", "SELECT 1 AS n WHERE a = '…' AND b > 2"},
          {"SELECT 1 AS n WHERE a IN ('alice','it''s')", "a IN ('…','…')"},
          {"SELECT 1 AS n -- new\n      WHERE a = 'alice'", "-- new\n      WHERE a = '…'"},
          {"SELECT 1 AS n -- don't\n      WHERE a = 'alice'", "-- …\n      WHERE a = '…'"},
          {"SELECT 1 AS n /* new */ WHERE a = 'alice'", "/* new */ WHERE a = '…'"},
          {"SELECT 1 AS n /* /* 'alice' */ ' */ WHERE a = 'alice'", "/* … */ WHERE a = '…'"},
          {"SELECT 1 AS n WHERE a = E'it\\'s alice' OR b", "a = E'…' OR b"},
          {"SELECT 1 AS n WHERE a LIKE'it\\' OR a = 'alice'", "a LIKE'…'"},
          {"SELECT 1 AS n WHERE a = 'it\\'s alice' OR b", "a = '…'"},  // by a server's setting
          {"SELECT 1 AS n WHERE a = $$alice$$ AND b = $1", "a = '…' AND b = $1"},
          {"SELECT 1 AS n WHERE a = $x$alice's$x$ AND \"b\"", "a = '…' AND \"b\""},
          {"SELECT 1 AS \"it's n\" WHERE a = 'alice'", "1 AS \"…\" WHERE a = '…'"},
          {"SELECT 1 AS n WHERE a = 'alice", "a = '…'"},
          {"SELECT 1 AS n WHERE a = U&'alice' OR x'616c'", "a = U&'…' OR x'…'"},
      },
      "postgresql://h/d");
}

TEST(ConfigShown, NoTextInQuotesWithinSqlOfSqlite) {
  expect_shown(
      {
          {"SELECT 1 AS n WHERE a <> \"alice\" AND b > 2", "a <> \"…\" AND b > 2"},
          {"SELECT 1 AS \"it's n\" WHERE a <> 'alice'", "1 AS \"…\" WHERE a <> '…'"},
          {"SELECT 1 AS n WHERE a LIKE'it\\' AND a <> 'alice'", "a LIKE'…' AND a <> '…'"},
          {"SELECT [n], `m` FROM t WHERE a = 'alice'", "SELECT [n], `m` FROM t WHERE a = '…'"},
          {"SELECT [it's] FROM t WHERE a = 'alice'", "SELECT […] FROM t WHERE a = '…'"},
          {"SELECT 1 AS n /* /* */ WHERE a = 'alice' -- */", "/* /* */ WHERE a = '…' -- */"},
      },
      "sqlite:x.db");
}

// A collector with a source of each kind of database is read as either.
TEST(ConfigShown, NoTextOfAnyOfTheSources) {
  const std::string text = shown(R"(
sources:
  one: {dsn: "sqlite:x.db", labels: {db: one}}
  two: {dsn: "postgresql://h/d", labels: {db: two}}
collectors:
  both:
    sources: [one, two]
    query: SELECT "n", $$bob$$ FROM t WHERE a = "alice"
    metrics: {app_n: {help: One., value: n}}
)");
  EXPECT_THAT(text, HasSubstr("SELECT \"…\", '…' FROM t WHERE a = \"…\"\n"));
}

}  // namespace
}  // namespace usage
