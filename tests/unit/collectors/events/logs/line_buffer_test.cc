#include "collectors/events/logs/line_buffer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace usage {
namespace {

using testing::ElementsAre;

constexpr std::size_t kMax = 1024;

// Every line of the text that comes in pieces, with where the next begins; "long" for one that is
// too long.
std::vector<std::string> lines_of(std::string_view text, const std::function<std::size_t()>& piece,
                                  bool rest) {
  LineBuffer buffer(kMax);
  std::vector<std::string> lines;
  const auto add = [&](const LineBuffer::Line& line) {
    lines.push_back((line.too_long ? "long" : std::string(line.text)) + "@" +
                    std::to_string(buffer.offset()));
  };
  std::string_view left = text;
  while (!left.empty()) {
    const std::span<char> space = buffer.space();
    const std::size_t size = std::min({space.size(), left.size(), piece()});
    std::copy_n(left.begin(), size, space.begin());
    buffer.filled(size);
    left.remove_prefix(size);
    while (const auto line = buffer.next()) {
      add(*line);
    }
    EXPECT_EQ(buffer.reached(), text.size() - left.size());
  }
  if (rest) {
    while (const auto line = buffer.rest()) {
      add(*line);
    }
  }
  return lines;
}

std::vector<std::string> whole(std::string_view text, bool rest = false) {
  return lines_of(text, [] { return std::size_t{1} << 30; }, rest);
}

TEST(LineBuffer, CutsAtEndsOfLines) {
  EXPECT_THAT(whole("a\nbb\r\n\nc"), ElementsAre("a@2", "bb\r@6", "@7"));
  EXPECT_THAT(whole("a\nc", true), ElementsAre("a@2", "c@3"));
  EXPECT_THAT(whole("a\n", true), ElementsAre("a@2"));
}

TEST(LineBuffer, NulsBeforeALineAreNoPartOfIt) {
  EXPECT_THAT(whole(std::string(5000, '\0') + "a\n" + std::string(3, '\0') + "b" +
                    std::string(1, '\0') + "\n"),
              ElementsAre("a@5002", std::string("b\0@5008", 7)));
}

TEST(LineBuffer, OfALineThatIsTooLongOnlyTheLengthIsKept) {
  const std::string text =
      std::string(kMax, 'x') + "\n" + std::string(kMax + 1, 'y') + "\n" + std::string(99999, 'z');
  EXPECT_THAT(whole(text), ElementsAre(std::string(kMax, 'x') + "@1025", "long@2051"));
  EXPECT_THAT(whole(text, true),
              ElementsAre(std::string(kMax, 'x') + "@1025", "long@2051", "long@102050"));
}

TEST(LineBuffer, GoesOnInTheMiddleOfALineThatIsTooLong) {
  LineBuffer buffer(kMax);
  buffer.reset(100, 5000);
  EXPECT_EQ(buffer.reached(), 5100U);
  std::ranges::copy(std::string_view("zz\na\n"), buffer.space().begin());
  buffer.filled(5);
  EXPECT_TRUE(buffer.next()->too_long);
  EXPECT_EQ(buffer.offset(), 5103U);
  EXPECT_EQ(buffer.next()->text, "a");
}

TEST(LineBuffer, PiecesMakeNoDifference) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::string text;
    while (text.size() < 20000) {
      const std::size_t size = random() % 8 == 0 ? random() % 4000 : random() % 60;
      text += std::string(size, random() % 9 == 0 ? '\0' : 'x');
      text += random() % 3 == 0 ? "\n" : "";
    }
    const auto pieces = lines_of(text, [&] { return 1 + random() % (round + 1) * 10; }, true);
    EXPECT_EQ(pieces, whole(text, true));
  }
}

}  // namespace
}  // namespace usage
