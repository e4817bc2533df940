#include "exporter/base/sql_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace usage {
namespace {

using ::testing::ElementsAre;
using Kind = SqlToken::Kind;

constexpr SqlSyntax kStandard{};
constexpr SqlSyntax kPostgres{.escape_strings = true,
                              .dollar_quotes = true,
                              .returns_end_lines = true,
                              .nested_comments = true};
constexpr SqlSyntax kSqlite{
    .double_quoted_text = true, .backtick_names = true, .bracket_names = true};
constexpr SqlSyntax kMysql{.backslash_escapes = true,
                           .double_quoted_text = true,
                           .backtick_names = true,
                           .hash_comments = true,
                           .dashes_need_space = true};

// The tokens but for space, each behind the first letter of its kind.
std::vector<std::string> tokens(std::string_view sql, const SqlSyntax& syntax) {
  constexpr std::string_view kLetters = "scwntqp.";
  std::vector<std::string> found;
  std::string joined;
  for (const SqlToken& token : sql_tokens(sql, syntax)) {
    joined += token.text;
    if (token.kind != Kind::space) {
      found.push_back(kLetters[static_cast<std::size_t>(token.kind)] + std::string(":") +
                      std::string(token.text));
    }
  }
  EXPECT_EQ(joined, sql);
  return found;
}

TEST(SqlTokens, OfEveryKind) {
  EXPECT_THAT(
      tokens("SELECT \"a b\", n1*2.5 -- x\nFROM t /* y */ WHERE é = 'it''s' AND b<$10", kStandard),
      ElementsAre("w:SELECT", "q:\"a b\"", ".:,", "w:n1", ".:*", "n:2.5", "c:-- x", "w:FROM", "w:t",
                  "c:/* y */", "w:WHERE", "w:é", ".:=", "t:'it''s'", "w:AND", "w:b", ".:<",
                  "p:$10"));
  EXPECT_THAT(tokens("", kStandard), ElementsAre());
}

TEST(SqlTokens, WhatIsNotClosedReachesToTheEnd) {
  for (const char* sql : {"'a b", "\"a b", "`a b", "[a b", "/* a b", "$x$ a $y$", "E'a\\'", "'"}) {
    SqlSyntax every = kPostgres;
    every.backtick_names = every.bracket_names = true;
    EXPECT_EQ(tokens(sql, every).size(), 1U) << sql;
  }
}

TEST(SqlTokens, EscapesOnlyBehindAnEOfItsOwn) {
  EXPECT_THAT(tokens("E'it\\'s' e'\\\\' LIKE'a\\' b", kPostgres),
              ElementsAre("t:E'it\\'s'", "t:e'\\\\'", "w:LIKE", "t:'a\\'", "w:b"));
  EXPECT_THAT(tokens("_E'a\\' 1E'b\\'c'", kPostgres),
              ElementsAre("w:_E", "t:'a\\'", "n:1", "t:E'b\\'c'"));
  EXPECT_THAT(tokens("E'it\\' s", kSqlite), ElementsAre("w:E", "t:'it\\'", "w:s"));
  EXPECT_THAT(tokens("'it\\'s' \"a\\\"b\"", kMysql), ElementsAre("t:'it\\'s'", "t:\"a\\\"b\""));
}

// PostgreSQL joins texts with a line break between them, and the first says how all are read.
TEST(SqlTokens, ATextGoesOnInTheNextLine) {
  EXPECT_THAT(tokens("E'a' -- x\n '\\'b' c", kPostgres),
              ElementsAre("t:E'a' -- x\n '\\'b'", "w:c"));
  EXPECT_THAT(tokens("E'a' '\\' b", kPostgres), ElementsAre("t:E'a'", "t:'\\'", "w:b"));
  EXPECT_THAT(tokens("'a'\n'\\' b", kPostgres), ElementsAre("t:'a'", "t:'\\'", "w:b"));
}

TEST(SqlTokens, OtherPrefixes) {
  EXPECT_THAT(tokens("B'1' x'ab' N'a' U&'b' U&\"c\" fx'd'", kPostgres),
              ElementsAre("t:B'1'", "t:x'ab'", "t:N'a'", "t:U&'b'", "w:U", ".:&", "q:\"c\"", "w:fx",
                          "t:'d'"));
}

TEST(SqlTokens, DollarQuotes) {
  EXPECT_THAT(tokens("$$it's$$ $x$a$$b$x$ $1$2 a$b$ $", kPostgres),
              ElementsAre("t:$$it's$$", "t:$x$a$$b$x$", "p:$1", "p:$2", "w:a$b$", ".:$"));
  EXPECT_THAT(tokens("$$a", kSqlite), ElementsAre(".:$", ".:$", "w:a"));
}

TEST(SqlTokens, Comments) {
  EXPECT_THAT(tokens("/* a /* b */ c */ d", kPostgres), ElementsAre("c:/* a /* b */ c */", "w:d"));
  EXPECT_THAT(tokens("/* a /* b */ c", kSqlite), ElementsAre("c:/* a /* b */", "w:c"));
  EXPECT_THAT(tokens("a#b\nc", kMysql), ElementsAre("w:a", "c:#b", "w:c"));
  EXPECT_THAT(tokens("a#b", kPostgres), ElementsAre("w:a", ".:#", "w:b"));
  EXPECT_THAT(tokens("1--2\n-- 3", kMysql), ElementsAre("n:1", ".:-", ".:-", "n:2", "c:-- 3"));
  EXPECT_THAT(tokens("--a\r'b'", kPostgres), ElementsAre("c:--a", "t:'b'"));
  EXPECT_THAT(tokens("--a\r'b'", kSqlite), ElementsAre("c:--a\r'b'"));
}

TEST(SqlTokens, QuotedNames) {
  EXPECT_THAT(tokens("[it's] `a``b` \"c\"", kSqlite),
              ElementsAre("q:[it's]", "q:`a``b`", "t:\"c\""));
  EXPECT_THAT(tokens("a[1] \"c\"\"$1\"", kPostgres),
              ElementsAre("w:a", ".:[", "n:1", ".:]", "q:\"c\"\"$1\""));
}

TEST(SqlTokens, NumberOfAParameter) {
  EXPECT_EQ(parameter_number("$1"), 1U);
  EXPECT_EQ(parameter_number("$10"), 10U);
  for (const char* none : {"", "$", "1", "$1a", "$a", ":1", "$99999999999999999999"}) {
    EXPECT_EQ(parameter_number(none), 0U) << none;
  }
}

}  // namespace
}  // namespace usage
