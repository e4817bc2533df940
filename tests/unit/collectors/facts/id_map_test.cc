#include "collectors/facts/id_map.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace usage {
namespace {

TEST(IdMap, GivesNumbersInOrderOfFirstSight) {
  IdMap directory;
  EXPECT_EQ(directory.find("7"), std::nullopt);
  EXPECT_EQ(directory.id_of("7"), 0);
  EXPECT_EQ(directory.id_of(""), 1);
  EXPECT_EQ(directory.id_of("b"), 2);
  EXPECT_EQ(directory.id_of("7"), 0);
  EXPECT_EQ(directory.find(""), 1);
  EXPECT_EQ(directory.find("c"), std::nullopt);
  EXPECT_EQ(directory.text(2), "b");
  EXPECT_EQ(directory.size(), 3);
}

TEST(IdMap, KeepsManyApart) {
  IdMap directory;
  constexpr std::uint32_t kMany = 20'000;
  for (std::uint32_t i = 0; i < kMany; ++i) ASSERT_EQ(directory.id_of(std::to_string(i * 7)), i);
  for (std::uint32_t i = 0; i < kMany; ++i) {
    ASSERT_EQ(directory.find(std::to_string(i * 7)), i);
    ASSERT_EQ(directory.text(i), std::to_string(i * 7));
    ASSERT_EQ(directory.find(std::to_string(i * 7 + 1)), std::nullopt);
  }
}

TEST(IdMap, TakesNoOtherTextForANumber) {
  IdMap directory;
  const std::vector<std::string> texts{"7",          "07",          "+7",         "7 ",
                                       "",           "0",           "00",         "-0",
                                       "4294967295", "4294967296",  "4294967303", "42949672967",
                                       "9999999999", "04294967295", "7.0"};
  for (std::uint32_t i = 0; i < texts.size(); ++i) ASSERT_EQ(directory.id_of(texts[i]), i);
  for (std::uint32_t i = 0; i < 1000; ++i) directory.id_of(std::to_string(i));
  for (std::uint32_t i = 0; i < texts.size(); ++i) ASSERT_EQ(directory.find(texts[i]), i);
}

TEST(IdMap, ANumberIsItsText) {
  IdMap directory;
  directory.prefetch("7");
  for (const std::uint32_t number : {0U, 7U, 1000U, 4294967295U}) {
    const IdMap::Key key(number);
    EXPECT_EQ(key.text(), std::to_string(number));
    EXPECT_EQ(directory.find(key), std::nullopt);
    const std::uint32_t id = directory.id_of(key);
    EXPECT_EQ(directory.id_of(std::to_string(number)), id);
    EXPECT_EQ(directory.text(id), std::to_string(number));
    directory.prefetch(key);
    directory.forget(id);
    EXPECT_EQ(directory.find(key), std::nullopt);
  }
  EXPECT_EQ(IdMap::Key("07").text(), "07");
}

TEST(IdMap, CopiesAreIndependent) {
  auto original = std::make_unique<IdMap>();
  original->id_of("a long text that is kept on the heap, not inside of the string");
  IdMap copy = *original;
  original->id_of("b");
  EXPECT_EQ(copy.find("b"), std::nullopt);
  original.reset();
  EXPECT_EQ(copy.find("a long text that is kept on the heap, not inside of the string"), 0);
  EXPECT_EQ(copy.id_of("c"), 1);
}

TEST(IdMap, AForgottenTextIsNewAgain) {
  IdMap directory;
  directory.id_of("a");
  directory.id_of("b");
  directory.id_of("");
  directory.forget(1);
  EXPECT_TRUE(directory.forgotten(1));
  EXPECT_FALSE(directory.forgotten(0));
  EXPECT_EQ(directory.text(1), "");
  EXPECT_EQ(directory.find("b"), std::nullopt);
  EXPECT_EQ(directory.find(""), 2) << "a forgotten text is not the empty text";
  EXPECT_EQ(directory.find("a"), 0);
  EXPECT_EQ(directory.id_of("b"), 3);
  for (int i = 0; i < 100; ++i) directory.id_of(std::to_string(i));
  EXPECT_EQ(directory.id_of("b"), 3);
  EXPECT_TRUE(directory.forgotten(1));
}

TEST(IdMap, RestoresForgottenOnes) {
  IdMap directory;
  directory.id_of("a");
  EXPECT_EQ(directory.add_forgotten(), 1);
  EXPECT_EQ(directory.id_of("c"), 2);
  EXPECT_EQ(directory.find(""), std::nullopt);
  EXPECT_TRUE(directory.forgotten(1));
}

}  // namespace
}  // namespace usage
