#include "exporter/base/diagnostics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/base/error.h"

namespace usage {
namespace {

using testing::HasSubstr;
using testing::Not;

std::shared_ptr<const SourceText> file(std::string text, std::string path = "a.yml") {
  return std::make_shared<const SourceText>(SourceText{std::move(path), std::move(text)});
}

std::string render(const Position& position, const std::string& message = "wrong") {
  Problems problems;
  problems.add(position, message);
  return problems.render();
}

TEST(Problems, ShowTheLineAndACaret) {
  EXPECT_EQ(render({file("one\ntwo: 2\nthree\n"), 2, 6}),
            "a.yml:2:6: wrong\n"
            "    2 | two: 2\n"
            "      |      ^");
}

TEST(Problems, CountCharactersAndMakeTabsOneWide) {
  // The two-byte é, the three-byte 数 and the tab stand before the caret.
  EXPECT_EQ(render({file("é数\tx\r\n"), 1, 7}),
            "a.yml:1:4: wrong\n"
            "    1 | é数 x\n"
            "      |    ^");
}

TEST(Problems, IgnoreAByteOrderMark) {
  EXPECT_EQ(render({file("\xEF\xBB\xBFkey: 1\n"), 1, 4}),
            "a.yml:1:1: wrong\n"
            "    1 | key: 1\n"
            "      | ^");
}

TEST(Problems, NeverPrintControlCharactersOrBrokenBytes) {
  EXPECT_EQ(render({file("a\x1B[31m\xFF\xC3 \xC2\x9B\xED\xBB\xBF|\n"), 1, 1}),
            "a.yml:1:1: wrong\n"
            "    1 | a [31m??  ?|\n"
            "      | ^");
}

TEST(Problems, MessagesDoNotReachTheTerminalAsCommands) {
  EXPECT_EQ(render({}, "no \x1B[2J\xFF\nnext é"), "no  [2J?\nnext é");
}

TEST(Problems, CutLongLinesAroundTheCaret) {
  const std::string text = std::string(300, 'a') + "X" + std::string(300, 'b');
  const std::string shown = render({file(text), 1, 301});
  EXPECT_EQ(shown,
            "a.yml:1:301: wrong\n"
            "    1 | …" +
                std::string(60, 'a') + "X" + std::string(39, 'b') +
                "…\n"
                "      | " +
                std::string(61, ' ') + "^");
}

TEST(Problems, KeepTheCaretAtTheEndOfALongLine) {
  EXPECT_EQ(render({file(std::string(300, 'a')), 1, 301}),
            "a.yml:1:301: wrong\n"
            "    1 | …" +
                std::string(100, 'a') + "\n      | " + std::string(101, ' ') + "^");
}

TEST(Problems, SurvivePlacesThatAreNotInTheFile) {
  EXPECT_EQ(render({file("a\n"), 9, 9}), "a.yml:9:1: wrong\n    9 | \n      | ^");
  EXPECT_EQ(render({file("a\n"), 0, 0}), "a.yml: wrong");
  EXPECT_EQ(render({}), "wrong");
}

TEST(Problems, AreInOrderAndSaidOnce) {
  const auto a = file("x\ny\n", "a.yml");
  const auto b = file("x\n", "b.yml");
  Problems problems;
  problems.add({b, 1, 1}, "fourth");
  problems.add({a, 2, 1}, "third");
  problems.add({a, 2, 1}, "third");
  problems.add({a, 1, 1}, "second");
  problems.add({a, 0, 0}, "first");
  EXPECT_EQ(problems.render(),
            "a.yml: first\n"
            "a.yml:1:1: second\n    1 | x\n      | ^\n"
            "a.yml:2:1: third\n    2 | y\n      | ^\n"
            "b.yml:1:1: fourth\n    1 | x\n      | ^");
}

TEST(Problems, HideMarkedLines) {
  const auto text = file("a\nhunter2\n");
  Problems problems;
  problems.add({text, 2, 3}, "wrong");
  problems.hide_line({text, 2, 1});
  EXPECT_EQ(problems.render(), "a.yml:2:3: wrong\n    2 | (line not shown: it may hold a secret)");
}

TEST(Problems, HideWhatLooksLikeASecretWithoutBeingTold) {
  for (const std::string line :
       {"  dsn: hunter2", "{\"dsn\" : hunter2}", "  dns: postgres://me:hunter2@host/",
        "PASSWD: hunter2", "pasword: hunter2", "client_secret: hunter2"}) {
    EXPECT_THAT(render({file(line), 1, 1}), Not(HasSubstr("hunter2"))) << line;
  }
  EXPECT_THAT(render({file("password_file: /run/secret"), 1, 1}), HasSubstr("/run/secret"));
  EXPECT_THAT(render({file("dsn_file: /run/dsn"), 1, 1}), HasSubstr("/run/dsn"));
}

TEST(Problems, AreThrownTogether) {
  Problems problems;
  EXPECT_NO_THROW(problems.throw_if_any());
  problems.add({}, "wrong");
  problems.add({}, "wronger");
  try {
    problems.throw_if_any();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), Reason::config);
    EXPECT_STREQ(error.what(), "wrong\nwronger");
  }
}

TEST(DidYouMean, FindsTypingErrors) {
  const std::vector<std::string> keys{"interval", "timeout", "source", "sources", "on"};
  EXPECT_EQ(closest("intervall", keys), "interval");
  EXPECT_EQ(closest("tiemout", keys), "timeout");
  EXPECT_EQ(closest("sorce", keys), "source");
  EXPECT_EQ(closest("no", keys), "on");
  EXPECT_EQ(closest("query", keys), "");
  EXPECT_EQ(closest("x", keys), "");
  EXPECT_EQ(closest("", keys), "");
  EXPECT_EQ(closest(std::string(100'000, 'a'), keys), "");
}

TEST(DidYouMean, ListsWhatIsKnownOtherwise) {
  EXPECT_EQ(did_you_mean("sorce", {"source", "sink"}), "; did you mean \"source\"?");
  EXPECT_EQ(did_you_mean("query", {"source", "sink"}), "; known: source, sink");
  EXPECT_EQ(did_you_mean("query", {}), "");
  EXPECT_THAT(did_you_mean("query", std::vector<std::string>(50, "source")),
              testing::EndsWith("source and 10 more"));
}

}  // namespace
}  // namespace usage
