#include "exporter/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "exporter/config/collectors.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

constexpr const char* kSource = "sources: {app: {dsn: \"sqlite:/app.db\"}}\n";

Config read(const std::string& text) {
  Problems problems;
  Config config = load_config_text("config.yml", text, problems);
  EXPECT_EQ(problems.render(), "");
  return config;
}

std::string complaint(const std::string& text) {
  Problems problems;
  load_config_text("config.yml", text, problems);
  return problems.render();
}

CollectorConfig read_collector(const std::string& keys) {
  const Config config = read(kSource + ("collectors: {a: {source: app, " + keys + "}}\n"));
  return config.collectors.at(0);
}

TEST(Config, HasDefaults) {
  const Config config = read(std::string(kSource) + "collectors: {a: {source: app}}\n");
  EXPECT_EQ(config.path, "config.yml");
  EXPECT_EQ(config.timezone, "UTC");
  ASSERT_EQ(config.sources.size(), 1U);
  const SourceConfig& source = config.source("app");
  EXPECT_EQ(source.database()->driver, "sqlite");
  EXPECT_EQ(source.database()->dsn.reveal(), "sqlite:/app.db");
  EXPECT_EQ(source.timeout, seconds(10));
  EXPECT_EQ(source.connect_timeout, seconds(5));
  EXPECT_EQ(source.lock_timeout, seconds(1));
  EXPECT_FALSE(source.database()->pgbouncer);
  EXPECT_EQ(source.naive_time_zone, "UTC");
  EXPECT_EQ(source.time_format, TimeFormat::text);
  EXPECT_EQ(source.position.line, 1U);
  ASSERT_EQ(config.collectors.size(), 1U);
  const CollectorConfig& collector = config.collectors[0];
  EXPECT_EQ(collector.name, "a");
  EXPECT_EQ(collector.kind, "sql");
  EXPECT_THAT(collector.sources, ElementsAre("app"));
  EXPECT_EQ(collector.schedule.interval, minutes(1));
  EXPECT_FALSE(collector.schedule.cron);
  EXPECT_EQ(collector.schedule.jitter, Duration{});
  EXPECT_TRUE(collector.schedule.run_at_start);
  EXPECT_EQ(collector.timeout, Duration{});
  EXPECT_EQ(collector.stale_after, minutes(5));
  EXPECT_EQ(collector.max_series, 10'000U);
  EXPECT_EQ(collector.body.kind, yaml::Node::Kind::mapping);
}

TEST(Config, ReadsEveryKeyOfASource) {
  const Config config = read(
      "sources:\n"
      "  pg:\n"
      "    dsn: postgres://reader@db.example:5432/app\n"
      "    password_file: /run/secrets/app\n"
      "    labels: {region: eu, year: 2026}\n"
      "    timeout: 1500ms\n"
      "    connect_timeout: 2s\n"
      "    lock_timeout: 250ms\n"
      "    pgbouncer: true\n"
      "    naive_time_zone: Europe/Berlin\n"
      "  lite: {dsn: \"sqlite:/app.db\", time_format: unix_ms}\n"
      "collectors: {a: {source: pg}}\n");
  const SourceConfig& pg = config.source("pg");
  EXPECT_EQ(pg.database()->driver, "postgresql");
  EXPECT_EQ(pg.database()->password_file, "/run/secrets/app");
  EXPECT_THAT(pg.labels, ElementsAre(Pair("region", "eu"), Pair("year", "2026")));
  EXPECT_EQ(pg.timeout, milliseconds(1500));
  EXPECT_EQ(pg.connect_timeout, seconds(2));
  EXPECT_EQ(pg.lock_timeout, milliseconds(250));
  EXPECT_TRUE(pg.database()->pgbouncer);
  EXPECT_EQ(pg.naive_time_zone, "Europe/Berlin");
  EXPECT_EQ(config.source("lite").time_format, TimeFormat::unix_ms);
}

TEST(Config, ReadsEveryCommonKeyOfACollector) {
  const Config config = read(
      "version: 1\n"
      "timezone: Asia/Kathmandu\n"
      "sources:\n"
      "  eu: {dsn: \"sqlite:/eu.db\", labels: {region: eu}}\n"
      "  us: {dsn: \"sqlite:/us.db\", labels: {region: us}}\n"
      "collectors:\n"
      "  a:\n"
      "    kind: other\n"
      "    sources: [us, eu]\n"
      "    interval: 10m\n"
      "    jitter: 30s\n"
      "    run_at_start: false\n"
      "    timeout: 3s\n"
      "    stale_after: 2h\n"
      "    max_series: 5\n"
      "  b: {source: eu, cron: \"0 6 * * mon\", timezone: Europe/Berlin}\n"
      "  c: {source: eu, cron: \"@daily\"}\n"
      "  d: {source: eu, interval: 2h}\n");
  const CollectorConfig& a = config.collectors[0];
  EXPECT_EQ(a.kind, "other");
  EXPECT_THAT(a.sources, ElementsAre("us", "eu"));
  EXPECT_EQ(a.schedule.interval, minutes(10));
  EXPECT_EQ(a.schedule.jitter, seconds(30));
  EXPECT_FALSE(a.schedule.run_at_start);
  EXPECT_EQ(a.timeout, seconds(3));
  EXPECT_EQ(a.stale_after, hours(2));
  EXPECT_EQ(a.max_series, 5U);
  const CollectorConfig& b = config.collectors[1];
  EXPECT_EQ(b.schedule.cron, Cron("0 6 * * mon"));
  EXPECT_FALSE(b.schedule.interval);
  EXPECT_EQ(b.schedule.zone.name(), "Europe/Berlin");
  EXPECT_EQ(b.stale_after, hours(14 * 24));
  EXPECT_EQ(config.collectors[2].schedule.zone.name(), "Asia/Kathmandu");
  EXPECT_EQ(config.collectors[3].stale_after, hours(10));
}

TEST(Config, LeavesTheKindsKeysToTheKind) {
  EXPECT_EQ(read_collector("whatever: 1, metrics: {}").body.entries.size(), 3U);
}

TEST(Config, CommonKeysAreKnownToTheKind) {
  const CollectorConfig collector = read_collector(
      "kind: sql, interval: 1m, jitter: 1s, run_at_start: true, timeout: 1s, stale_after: 1h, "
      "max_series: 1, extra: 1");
  Problems problems;
  yaml::Mapping mapping(collector.body, "the collector", problems);
  mark_common_keys(mapping);
  mapping.finish();
  EXPECT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems.render(), HasSubstr("unknown key \"extra\" in the collector; known: kind, "
                                           "source, sources, interval, cron, timezone, jitter, "
                                           "run_at_start, timeout, stale_after, max_series"));
}

TEST(Config, TakesADsnFromTheEnvironmentAndHidesIt) {
  ::setenv("USAGE_TEST_SECRET", "postgres://u:hunter2@h/d", 1);
  const std::string collectors = "collectors: {a: {source: app}}\n";
  const Config config = read("sources:\n  app:\n    dsn: ${USAGE_TEST_SECRET}\n" + collectors);
  EXPECT_EQ(config.source("app").database()->dsn.reveal(), "postgres://u:hunter2@h/d");
  ::setenv("USAGE_TEST_SECRET", "hunter2://u:x@h/d", 1);
  EXPECT_THAT(
      complaint("sources:\n  app:\n    dsn: ${USAGE_TEST_SECRET}\n" + collectors),
      testing::AllOf(HasSubstr("it comes from the environment"), Not(HasSubstr("hunter2"))));
}

TEST(Config, HidesEveryLineOfADsn) {
  const std::string text = complaint(
      "sources:\n"
      "  app:\n"
      "    dsn: !tag\n"
      "      \"no url\n"
      "      hunter2 ${USAGE_TEST_UNSET}\"\n"
      "    timeout: 5\n"
      "collectors: {a: {source: app}}\n");
  EXPECT_THAT(text, HasSubstr("USAGE_TEST_UNSET is not set"));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  EXPECT_THAT(text, HasSubstr("timeout: 5\n"));
}

TEST(Config, AUrlInTheWrongPlaceIsNotShown) {
  const std::string text = complaint(
      "timezone: postgres://u:hunter2@h/d\n"
      "sources:\n"
      "  app: {dsn: \"sqlite:/x\", timeout: \"postgres://u:hunter2@h/d\"}\n"
      "  postgres://u:hunter2@h/d: {}\n"
      "collectors:\n"
      "  a: {source: \"postgres://u:hunter2@h/d\", cron: \"postgres://u:hunter2@h/d\"}\n");
  EXPECT_THAT(text, HasSubstr("is not a time zone"));
  EXPECT_THAT(text, HasSubstr("is no cron expression"));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
}

TEST(Config, ABuiltInConfigReadsNoFiles) {
  Problems problems;
  load_config_text("<built-in>",
                   "include: [/etc/hostname]\n"
                   "sources: {app: {dsn_file: /etc/hostname}}\n"
                   "collectors: {a: {source: app}}\n",
                   problems);
  EXPECT_EQ(problems.size(), 2U);
  EXPECT_THAT(problems.render(), HasSubstr("includes no other files"));
  EXPECT_THAT(problems.render(), HasSubstr("reads no other files"));
}

class ConfigFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "config_XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  std::string path(const std::string& name) { return (folder_ / name).string(); }
  std::string problems_of(const std::string& file) {
    Problems problems;
    load_config(file, problems);
    return problems.render();
  }

  std::filesystem::path folder_;
};

std::vector<std::string> names(const Config& config) {
  std::vector<std::string> found;
  for (const CollectorConfig& collector : config.collectors) {
    found.push_back(collector.name);
  }
  return found;
}

TEST_F(ConfigFiles, IncludeByGlobInOrderRelativeToTheirFile) {
  const std::string main = write("main[1].yml", "include: [parts/*.yml, none/*.yml]\n");
  write("parts/b.yml", "collectors: {from_b: {source: app}}\ninclude: [\"../more/c.yml\"]\n");
  write("parts/a.yml", std::string(kSource) + "collectors: {from_a: {source: app}}\n");
  write("parts/_.yml", "# nothing yet\n");
  write("parts/ignored.txt", "]");
  write("more/c.yml", "version: 1\ncollectors: {from_c: {source: app}}\n");
  Problems problems;
  const Config config = load_config(main, problems);
  EXPECT_EQ(problems.render(), "");
  EXPECT_THAT(names(config), ElementsAre("from_a", "from_b", "from_c"));
  EXPECT_EQ(config.collectors[2].position.file->path, path("parts/../more/c.yml"));
}

TEST_F(ConfigFiles, AFolderMayHoldGlobCharacters) {
  const std::string main = write("[x]*/main.yml", "include: a.yml\n" + std::string(kSource));
  write("[x]*/a.yml", "collectors: {a: {source: app}}\n");
  EXPECT_EQ(problems_of(main), "");
}

TEST_F(ConfigFiles, AFileIncludedTwiceCountsOnce) {
  const std::string main =
      write("main.yml", "include: [a.yml, \"*a.yml\", b.yml, ./a.yml]\n" + std::string(kSource));
  write("a.yml", "collectors: {a: {source: app}}\n");
  write("b.yml", "include: [a.yml]\n");
  EXPECT_EQ(problems_of(main), "");
}

TEST_F(ConfigFiles, CyclesAreProblems) {
  const std::string main = write("main.yml", "include: [a.yml]\n" + std::string(kSource));
  write("a.yml", "collectors: {a: {source: app}}\ninclude: [b.yml]\n");
  write("b.yml", "include: [a.yml]\n");
  EXPECT_THAT(problems_of(main),
              HasSubstr("b.yml:1:11: files include each other: " + path("a.yml") + " includes " +
                        path("b.yml") + " includes " + path("a.yml")));
  const std::string self = write("self.yml", "include: [self.yml]\n" + std::string(kSource) +
                                                 "collectors: {a: {source: app}}\n");
  EXPECT_THAT(problems_of(self), HasSubstr("self.yml:1:11: files include each other"));
}

TEST_F(ConfigFiles, MistakesInAllFilesAreReportedAtOnce) {
  const std::string main = write("main.yml", "include: [a.yml, b.yml]\n" + std::string(kSource));
  write("a.yml",
        "collectors:\n  a: {source: app, interval: 5}\n  b: {source: app}\ntimezone: UTC\n");
  write("b.yml", "collectors:\n  b: {source: app}\nsources:\n  app: {dsn: \"sqlite:/x\"}\n");
  const std::string text = problems_of(main);
  EXPECT_THAT(text, HasSubstr("a.yml:2:30: \"interval\" in collector \"a\" must be a duration"));
  EXPECT_THAT(text, HasSubstr("a.yml:4:11: \"timezone\" belongs in the main file"));
  EXPECT_THAT(
      text, HasSubstr("b.yml:2:3: collector \"b\" is defined in " + path("a.yml") + ":3 already"));
  EXPECT_THAT(text, HasSubstr("b.yml:4:3: source \"app\" is defined in " + path("main.yml") +
                              ":2 already"));
}

TEST_F(ConfigFiles, ABrokenFileDoesNotMakeItsSourcesUnknown) {
  const std::string main = write(
      "main.yml", "include: [a.yml, missing.yml]\ncollectors: {a: {source: app, jitter: 5}}\n");
  write("a.yml", "sources: {app: {dsn: [}}\n");
  const std::string text = problems_of(main);
  EXPECT_THAT(text, HasSubstr("missing.yml\" does not exist"));
  EXPECT_THAT(text, HasSubstr("\"jitter\" in collector \"a\" must be a duration"));
  EXPECT_THAT(text, Not(HasSubstr("not defined")));
  EXPECT_THAT(text, Not(HasSubstr("no \"sources\"")));
}

TEST_F(ConfigFiles, FilesThatCannotBeReadSayWhy) {
  EXPECT_THAT(problems_of(path("none.yml")),
              HasSubstr("cannot read " + path("none.yml") + ": No such file or directory"));
  std::filesystem::create_directory(path("folder.yml"));
  const std::string main = write("main.yml", "include: [\"*.yml\"]\n" + std::string(kSource) +
                                                 "collectors: {a: {source: app}}\n");
  EXPECT_THAT(problems_of(main), HasSubstr("main.yml:1:11: "));
}

TEST_F(ConfigFiles, PathsAreRelativeToTheFileTheyStandIn) {
  const std::string main = write("main.yml", "include: [parts/a.yml]\n");
  write("parts/a.yml",
        "sources:\n"
        "  file: {dsn_file: secret/dsn}\n"
        "  pg: {dsn: \"postgres://h/d\", password_file: secret/pw}\n"
        "  lite: {dsn: \"sqlite:data/x.db\"}\n"
        "  memory: {dsn: \"sqlite::memory:\"}\n"
        "collectors: {a: {source: pg}}\n");
  write("parts/secret/dsn", "\n  sqlite:/else.db \r\n");
  Problems problems;
  const Config config = load_config(main, problems);
  ASSERT_EQ(problems.render(), "");
  EXPECT_EQ(config.source("file").database()->dsn.reveal(), "sqlite:/else.db");
  EXPECT_EQ(config.source("file").database()->driver, "sqlite");
  EXPECT_EQ(config.source("pg").database()->password_file, path("parts/secret/pw"));
  EXPECT_EQ(config.source("lite").database()->dsn.reveal(), "sqlite:" + path("parts/data/x.db"));
  EXPECT_EQ(config.source("memory").database()->dsn.reveal(), "sqlite::memory:");
}

TEST_F(ConfigFiles, ADsnFilesContentIsNeverShown) {
  write("dsn", "hunter2");
  const std::string main =
      write("main.yml", "sources: {app: {dsn_file: dsn}}\ncollectors: {a: {source: app}}\n");
  EXPECT_THAT(
      problems_of(main),
      testing::AllOf(HasSubstr("the content of \"dsn_file\" in source \"app\" must be a URL"),
                     Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace usage
