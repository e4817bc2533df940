#include "exporter/base/strings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace usage {
namespace {

TEST(Strings, TheWholeTextIsTheNumber) {
  EXPECT_EQ(parse_number<int>("-12"), -12);
  EXPECT_EQ(parse_number<double>("1.5e3"), 1500);
  for (const char* text : {"", " 1", "1 ", "+1", "0x1", "1.5", "1,5", "99999999999", "x"}) {
    EXPECT_FALSE(parse_number<int>(text)) << text;
  }
  EXPECT_FALSE(parse_number<unsigned>("-1"));
  EXPECT_FALSE(parse_number<double>("1,5"));
  EXPECT_FALSE(parse_number<double>("1e999"));
}

TEST(Strings, BlanksAroundATextAreNoPartOfIt) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Strings, LettersOfAsciiAloneHaveCase) {
  EXPECT_TRUE(iequals("Keep-ALIVE", "keep-alive"));
  EXPECT_FALSE(iequals("keep", "keep-alive"));
  EXPECT_FALSE(iequals("[", "{"));
  EXPECT_FALSE(iequals("É", "é"));
  EXPECT_EQ(lower("AbÉ1"), "abÉ1");
}

TEST(Strings, TheHashIsFnv1a) {
  EXPECT_EQ(fnv1a(""), 0xcbf29ce484222325U);
  EXPECT_EQ(fnv1a("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(fnv1a("foobar"), 0x85944171f73967e8U);
  EXPECT_NE(fnv1a("\xff"), fnv1a("\x7f"));
}

TEST(Strings, PathsOfAPatternComeInByteOrder) {
  const testing::TemporaryFolder folder;
  for (const char* name : {"b.yml", "A.yml", "a.yml", "_.yml", "x.txt"}) {
    testing::write_file(folder.file(name), "");
  }
  std::vector<std::string> names;
  for (const std::string& path : glob_paths(folder.file("*.yml"))) {
    names.push_back(path.substr(path.rfind('/') + 1));
  }
  EXPECT_THAT(names, ::testing::ElementsAre("A.yml", "_.yml", "a.yml", "b.yml"));
  EXPECT_THAT(glob_paths(folder.file("none*")), ::testing::IsEmpty());
}

}  // namespace
}  // namespace usage
