#include "collectors/sources/postgres/postgres_copy.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "collectors/sources/postgres/postgres_decode.h"
#include "exporter/base/error.h"

namespace usage::postgres {
namespace {

using namespace std::string_literals;

const std::string kHeader = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"s;

TEST(PostgresCopy, WritesParametersWhereTheyStand) {
  const std::vector<Bound> both{{"2026-11-25T08:00:00Z", kTimestamptz}, {"7", kInt8}};
  EXPECT_EQ(copy_of(R"(SELECT t."a$1", '$2' FROM "x""$1" t WHERE t.at >= $1 AND t.n < $2)", both),
            R"(COPY (SELECT t."a$1", '$2' FROM "x""$1" t WHERE t.at >= )"
            "'2026-11-25T08:00:00Z'::timestamp with time zone AND t.n < '7'::bigint) "
            "TO STDOUT (FORMAT binary)");
}

TEST(PostgresCopy, LeavesTextsAsTheyAre) {
  const std::string select = R"(SELECT $$it's $1$$, E'\'$1', U&'$1', $a$ $1 $a$ /* $1 */)";
  EXPECT_EQ(copy_of(select, {{"7", kInt8}}), "COPY (" + select + ") TO STDOUT (FORMAT binary)");
}

TEST(PostgresCopy, WritesNothingThatMightEndALiteral) {
  for (const char* text : {"'", "a' OR '1", "\\", "\n", "a"}) {
    EXPECT_EQ(copy_of("SELECT $1", {{text, 0}}), std::nullopt) << text;
  }
  EXPECT_EQ(copy_of("SELECT $2", {{"7", kInt8}}), std::nullopt) << "no such parameter";
  EXPECT_EQ(copy_of("SELECT $2147483648", {{"7", kInt8}}), std::nullopt);
}

TEST(PostgresCopy, TakesMessagesApart) {
  CopyReader reader;
  const std::string first = kHeader + "\0\2\0\0\0\1x\377\377\377\377"s;
  const auto cells = reader.row(first);
  ASSERT_EQ(cells.size(), 2U);
  EXPECT_EQ(std::string_view(cells[0].data, cells[0].size), "x");
  EXPECT_EQ(cells[1].data, nullptr) << "NULL";
  const std::string empty = "\0\1\0\0\0\0"s;
  ASSERT_EQ(reader.row(empty).size(), 1U);
  EXPECT_NE(reader.row(empty)[0].data, nullptr) << "an empty text is not NULL";
  EXPECT_TRUE(reader.row("\377\377").empty()) << "the end";
}

TEST(PostgresCopy, TakesTheHeaderAlone) {
  CopyReader reader;
  EXPECT_TRUE(reader.row(kHeader).empty());
  const std::string row = "\0\1\0\0\0\1x"s;
  EXPECT_EQ(reader.row(row).size(), 1U);
}

TEST(PostgresCopy, ReadsNeverBeyondAMessage) {
  const std::string whole = kHeader + "\0\2\0\0\0\1x\0\0\0\2yz"s;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    if (size == kHeader.size()) continue;
    CopyReader reader;
    EXPECT_THROW(reader.row(std::string_view(whole).substr(0, size)), Error) << size;
  }
}

}  // namespace
}  // namespace usage::postgres
