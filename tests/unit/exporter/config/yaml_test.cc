#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "exporter/base/error.h"
#include "exporter/config/yaml_mapping.h"

namespace usage::yaml {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

struct Parsed {
  Problems problems;
  Node root;
};

Parsed read(std::string text) {
  Parsed parsed;
  parsed.root = parse(std::make_shared<const SourceText>(SourceText{"f.yml", std::move(text)}),
                      parsed.problems);
  return parsed;
}

// One line of a problem: without the excerpt.
std::string first_line(const Problems& problems) {
  const std::string text = problems.render();
  return text.substr(0, text.find('\n'));
}

std::string complaint(std::string text) { return first_line(read(std::move(text)).problems); }

TEST(Yaml, KeepsPositionsAndQuoting) {
  const Parsed parsed = read("a: 60\nb:\n  - \"60\"\n  - |\n    two\n    lines\n  - ~\n  -\n");
  ASSERT_EQ(parsed.problems.render(), "");
  ASSERT_EQ(parsed.root.entries.size(), 2U);
  const Node& a = parsed.root.entries[0].value;
  EXPECT_EQ(a.text, "60");
  EXPECT_TRUE(a.plain);
  EXPECT_EQ(a.position.line, 1U);
  EXPECT_EQ(a.position.column, 4U);
  const std::vector<Node>& items = parsed.root.entries[1].value.items;
  ASSERT_EQ(items.size(), 4U);
  EXPECT_EQ(items[0].text, "60");
  EXPECT_FALSE(items[0].plain);
  EXPECT_EQ(items[0].position.line, 3U);
  EXPECT_EQ(items[0].position.column, 5U);
  EXPECT_EQ(items[1].text, "two\nlines\n");
  EXPECT_FALSE(items[1].plain);
  EXPECT_EQ(items[2].kind, Node::Kind::null);
  EXPECT_EQ(items[3].kind, Node::Kind::null);
}

TEST(Yaml, PutsAMissingValueAtItsKey) {
  const Parsed parsed = read("a: 1\nb:\n\n# and\nc: ~\n");
  EXPECT_EQ(parsed.root.entries[1].value.position.line, 2U);
  EXPECT_EQ(parsed.root.entries[2].value.position.line, 5U);
}

TEST(Yaml, ReadsByteOrderMarkAndWindowsLines) {
  const Parsed parsed = read(
      "\xEF\xBB\xBF"
      "a: é\r\nb: 2\r\n");
  ASSERT_EQ(parsed.problems.render(), "");
  EXPECT_EQ(parsed.root.entries[0].key.text, "a");
  EXPECT_EQ(parsed.root.entries[0].value.text, "é");
  EXPECT_EQ(parsed.root.entries[1].value.text, "2");
  EXPECT_EQ(parsed.root.entries[1].value.position.line, 2U);
}

TEST(Yaml, EmptyFilesAreNull) {
  for (const std::string text : {"", "\n\n", "# nothing\n", "---\n", "\xEF\xBB\xBF"}) {
    const Parsed parsed = read(text);
    EXPECT_TRUE(parsed.problems.empty()) << parsed.problems.render();
    EXPECT_EQ(parsed.root.kind, Node::Kind::null);
  }
}

TEST(Yaml, ReportsDuplicateKeysAtTheSecond) {
  const Parsed parsed = read("a: 1\nb: {c: 1, \"c\": 2}\na: 3\n");
  EXPECT_EQ(parsed.problems.size(), 2U);
  EXPECT_THAT(parsed.problems.render(),
              HasSubstr("f.yml:2:11: duplicate key \"c\"; it stands in line 2 already"));
  EXPECT_THAT(parsed.problems.render(),
              HasSubstr("f.yml:3:1: duplicate key \"a\"; it stands in line 1 already"));
  EXPECT_EQ(parsed.root.entries.size(), 2U);
}

TEST(Yaml, RefusesWhatItWouldHaveToGuess) {
  EXPECT_THAT(complaint("a: &a {x: 1}\nb:\n  <<: *a\n"), HasSubstr(":3:3: merge keys"));
  EXPECT_THAT(complaint("a: !!binary aGk=\n"), HasSubstr(":1:4: YAML tags"));
  EXPECT_THAT(complaint("a: !mine [1]\n"), HasSubstr(":1:4: YAML tags"));
  EXPECT_THAT(complaint("a: 1\n---\nb: 1\n"), HasSubstr("second document"));
  EXPECT_THAT(complaint("[a]: 1\n"), HasSubstr("a key must be a text"));
  EXPECT_THAT(complaint("~: 1\n"), HasSubstr("a key must be a text"));
}

TEST(Yaml, RefusesBytesThatAreNoText) {
  EXPECT_EQ(complaint("a: 1\nbé: \xFF\n"), "f.yml:2:5: not UTF-8; save the file as UTF-8");
  EXPECT_EQ(complaint("a: \xC3"), "f.yml:1:4: not UTF-8; save the file as UTF-8");
  EXPECT_THAT(complaint(std::string("a: 1\n\0b: 1\n", 11)), HasSubstr(":2:1: a NUL byte"));
  EXPECT_THAT(complaint("\xFF\xFE"
                        "a"),
              HasSubstr("not UTF-8"));
  EXPECT_THAT(complaint(std::string(kMaxFileBytes + 1, '#')), HasSubstr("1048577 bytes"));
}

TEST(Yaml, ExplainsSyntaxErrors) {
  EXPECT_EQ(complaint("a:\n\tb: 1\n"), "f.yml:2:3: indent with spaces, not with tabs");
  EXPECT_THAT(complaint("a: [1\nb: 1\n"),
              HasSubstr("expected \",\" or \"]\" here (\"[\" stands in line 1)"));
  EXPECT_THAT(complaint("a: \"x\nb: 1\n"), HasSubstr(":1:4: this quoted text is not closed"));
  EXPECT_THAT(complaint("a: 'x\n"), HasSubstr(":1:4: this quoted text is not closed"));
  EXPECT_THAT(complaint("a: @x\n"), HasSubstr(":1:4: a text may not begin with"));
  EXPECT_THAT(complaint("a: *b\n"), HasSubstr("names no anchor"));
}

TEST(Yaml, TakesTabsInBlockScalars) { EXPECT_EQ(complaint("a: |\n  SELECT\n  \t1\n"), ""); }

TEST(Yaml, ResolvesAliases) {
  const Parsed parsed = read("a: &x [1, 2]\nb: *x\nc: &y text\nd: *y\n");
  ASSERT_EQ(parsed.problems.render(), "");
  EXPECT_EQ(parsed.root.entries[1].value.items.size(), 2U);
  EXPECT_EQ(parsed.root.entries[3].value.text, "text");
}

TEST(Yaml, BoundsAliases) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + alias;
    for (int j = 0; j < 8; ++j) {
      laughs += ", " + alias;
    }
    laughs += "]\n";
  }
  EXPECT_THAT(complaint(laughs), HasSubstr("more than 100000 nodes"));

  std::string bytes = "a: &a \"" + std::string(500'000, 'x') + "\"\nb: [";
  for (int i = 0; i < 100; ++i) {
    bytes += "*a, ";
  }
  EXPECT_THAT(complaint(bytes + "]\n"), HasSubstr("16 MiB"));

  std::string chain = "a0: &a0 [x]\n";
  for (int i = 1; i < 5000; ++i) {
    chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
             "]\n";
  }
  EXPECT_THAT(complaint(chain), HasSubstr("nested deeper than 64"));
  EXPECT_THAT(complaint("a: &a [*a]\n"), HasSubstr("inside the node that it names"));
}

TEST(Yaml, BoundsDepthWithoutCrashing) {
  EXPECT_EQ(complaint(std::string(60, '[') + std::string(60, ']')), "");
  for (const std::string part : {"[", "{a: ", "- ", "? "}) {
    std::string deep;
    while (deep.size() < 500'000) {
      deep += part;
    }
    EXPECT_THAT(complaint(deep), HasSubstr("nested deeper than 64 levels")) << part;
  }
}

class YamlEnvironment : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("USAGE_TEST_SECRET", "hunter2", 1);
    ::setenv("USAGE_TEST_NUMBER", "60", 1);
    ::unsetenv("USAGE_TEST_UNSET");
  }
};

TEST_F(YamlEnvironment, ReplacesVariables) {
  const Parsed parsed = read(
      "a: x${USAGE_TEST_SECRET}y${USAGE_TEST_NUMBER}\nb: $${USAGE_TEST_SECRET}\n"
      "c: \"$$ $1 ${USAGE_TEST_SECRET} $${x\"\n${USAGE_TEST_SECRET}: key\n");
  ASSERT_EQ(parsed.problems.render(), "");
  EXPECT_EQ(parsed.root.entries[0].value.text, "xhunter2y60");
  EXPECT_TRUE(parsed.root.entries[0].value.secret);
  EXPECT_EQ(parsed.root.entries[1].value.text, "${USAGE_TEST_SECRET}");
  EXPECT_FALSE(parsed.root.entries[1].value.secret);
  EXPECT_EQ(parsed.root.entries[2].value.text, "$$ $1 hunter2 ${x");
  EXPECT_EQ(parsed.root.entries[3].key.text, "${USAGE_TEST_SECRET}");
}

TEST_F(YamlEnvironment, PlainValuesMayBecomeNumbers) {
  Parsed parsed = read("a: ${USAGE_TEST_NUMBER}\nb: \"${USAGE_TEST_NUMBER}\"\n");
  Mapping mapping(parsed.root, "the test", parsed.problems);
  EXPECT_EQ(mapping.integer("a", 0, 100), 60);
  EXPECT_EQ(parsed.problems.render(), "");
  EXPECT_EQ(mapping.integer("b", 0, 100), std::nullopt);
}

TEST_F(YamlEnvironment, ReportsUnsetVariablesWhereTheyStand) {
  EXPECT_THAT(complaint("a: |\n  SELECT 1\n  FROM ${USAGE_TEST_UNSET}\n"),
              HasSubstr(":3:8: the environment variable USAGE_TEST_UNSET is not set"));
  EXPECT_THAT(complaint("a: x ${}\n"), HasSubstr(":1:6: \"${\" begins the name"));
  EXPECT_THAT(complaint("a: ${X\n"), HasSubstr(":1:4: \"${\" begins the name"));
}

TEST_F(YamlEnvironment, NeverPrintsValues) {
  Parsed parsed = read("a: ${USAGE_TEST_SECRET}\nb: postgres://u:hunter2@h/d\n");
  Mapping mapping(parsed.root, "the test", parsed.problems);
  for (const std::string_view key : {"a", "b"}) {
    mapping.boolean(key);
    mapping.integer(key, 0, 1);
    mapping.number(key);
    mapping.duration(key, seconds(1), hours(1));
    mapping.choice(key, {"hunter1", "x"});
    mapping.entries(key);
  }
  EXPECT_EQ(parsed.problems.size(), 12U);
  EXPECT_THAT(parsed.problems.render(), Not(HasSubstr("hunter2")));
}

class YamlMapping : public testing::Test {
 protected:
  Mapping mapping(const std::string& text) {
    parsed_ = read(text);
    EXPECT_EQ(parsed_.problems.render(), "");
    return Mapping(parsed_.root, "the test", parsed_.problems);
  }
  std::string said() { return first_line(parsed_.problems); }

  Parsed parsed_;
};

TEST_F(YamlMapping, ReadsEveryType) {
  Mapping m = mapping(
      "s: text\nb: true\ni: -5\nn: 0.5\nd: 1h30m\nc: two\nl: [a, 1]\none: a\nm: {x: 1, y: z}\n");
  EXPECT_EQ(m.string("s"), "text");
  EXPECT_EQ(m.require_string("s"), "text");
  EXPECT_EQ(m.boolean("b"), true);
  EXPECT_EQ(m.integer("i", -5, 5), -5);
  EXPECT_EQ(m.number("n"), 0.5);
  EXPECT_EQ(m.duration("d", seconds(1), hours(2)), std::chrono::minutes(90));
  EXPECT_EQ(m.choice("c", {"one", "two"}), 1U);
  EXPECT_THAT(m.strings("l"), ElementsAre("a", "1"));
  EXPECT_THAT(m.strings("one"), ElementsAre("a"));
  EXPECT_THAT(m.string_map("m"), ElementsAre(Pair("x", "1"), Pair("y", "z")));
  EXPECT_EQ(m.string("none"), std::nullopt);
  EXPECT_TRUE(m.strings("none").empty());
  m.finish();
  EXPECT_EQ(parsed_.problems.render(), "");
}

TEST_F(YamlMapping, ReportsMissingAndEmpty) {
  Mapping m = mapping("a: \"\"\n");
  EXPECT_EQ(m.require_string("a"), "");
  EXPECT_EQ(said(), "f.yml:1:4: \"a\" in the test is empty");
  EXPECT_EQ(m.require("b"), nullptr);
  EXPECT_THAT(parsed_.problems.render(), HasSubstr("f.yml:1:1: the test lacks the key \"b\""));
}

TEST_F(YamlMapping, BooleansAreTrueAndFalseOnly) {
  Mapping m = mapping("a: yes\nb: \"true\"\nc: 1\nd: [true]\ne:\n");
  for (const std::string_view key : {"a", "b", "c", "d", "e"}) {
    EXPECT_EQ(m.boolean(key), std::nullopt) << key;
  }
  const std::string text = parsed_.problems.render();
  EXPECT_THAT(text, HasSubstr("must be true or false, not \"yes\"; write true"));
  EXPECT_THAT(text, HasSubstr("not \"true\"; remove the quotes"));
  EXPECT_THAT(text, HasSubstr("not \"1\"\n"));
  EXPECT_THAT(text, HasSubstr("not a list"));
  EXPECT_THAT(text, HasSubstr("\"e\" in the test is empty; it must be true or false"));
}

TEST_F(YamlMapping, NumbersAreWholeTextsInRange) {
  Mapping m =
      mapping("a: 1.5\nb: 1,5\nc: 0x10\nd: .nan\ne: \"5\"\nf: 99999999999999999999\ng: +-1\n");
  for (const std::string_view key : {"a", "b", "c", "d", "e", "f", "g"}) {
    EXPECT_EQ(m.integer(key, 0, 10), std::nullopt) << key;
  }
  EXPECT_EQ(parsed_.problems.size(), 7U);
  EXPECT_EQ(m.number("a"), 1.5);
  for (const std::string_view key : {"b", "c", "d", "e", "g"}) {
    EXPECT_EQ(m.number(key), std::nullopt) << key;
  }
  EXPECT_EQ(parsed_.problems.size(), 12U);
}

TEST_F(YamlMapping, DurationsNeedAUnit) {
  Mapping m = mapping("a: 60\nb: 5s\nc: soon\n");
  EXPECT_EQ(m.duration("a", seconds(1), hours(1)), std::nullopt);
  EXPECT_THAT(said(), HasSubstr("not \"60\"; for seconds write 60s"));
  EXPECT_EQ(m.duration("b", seconds(10), hours(1)), std::nullopt);
  EXPECT_THAT(parsed_.problems.render(), HasSubstr("must be from 10s to 1h, not \"5s\""));
  EXPECT_EQ(m.duration("c", seconds(10), hours(1)), std::nullopt);
  EXPECT_EQ(parsed_.problems.size(), 3U);
}

TEST_F(YamlMapping, FinishReportsUnknownKeys) {
  Mapping m = mapping("interval: 1m\nintervall: 1m\nother: 1\n");
  m.string("interval");
  EXPECT_FALSE(m.has("timeout"));
  m.finish();
  const std::string text = parsed_.problems.render();
  EXPECT_THAT(text, HasSubstr("f.yml:2:1: unknown key \"intervall\" in the test; did you mean "
                              "\"interval\"?"));
  EXPECT_THAT(text, HasSubstr("unknown key \"other\" in the test; known: interval, timeout"));
}

TEST_F(YamlMapping, SomethingElseIsReportedOnce) {
  Mapping m = mapping("- 1\n");
  EXPECT_EQ(m.require_string("a"), "");
  EXPECT_EQ(m.require("b"), nullptr);
  m.finish();
  EXPECT_EQ(parsed_.problems.size(), 1U);
  EXPECT_EQ(said(), "f.yml:1:1: the test must be a mapping (key: value), not a list");
}

TEST_F(YamlMapping, ProblemsStandAtTheValue) {
  Mapping m = mapping("x: 1\na:  5\n");
  m.problem("a", "no");
  m.problem("b", "neither");
  EXPECT_THAT(parsed_.problems.render(), HasSubstr("f.yml:2:5: no"));
  EXPECT_THAT(parsed_.problems.render(), HasSubstr("f.yml:1:1: neither"));
}

TEST(YamlFile, SaysWhyItCannotBeRead) {
  try {
    read_file("/no/such/file.yml");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), Reason::io);
    EXPECT_THAT(error.what(), testing::StartsWith("cannot read /no/such/file.yml: "));
  }
  EXPECT_THROW(read_file("/"), Error);
}

TEST(YamlFile, EndlessFilesAreTooLong) {
  Problems problems;
  parse(read_file("/dev/zero"), problems);
  EXPECT_THAT(problems.render(), HasSubstr("bytes are more than"));
}

}  // namespace
}  // namespace usage::yaml
