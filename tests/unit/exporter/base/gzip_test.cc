#include "exporter/base/gzip.h"

#include <gtest/gtest.h>

#include <random>

#include "exporter/base/error.h"
#include "tests/support/inflate.h"

namespace usage {
namespace {

std::shared_ptr<const std::string> piece(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

// Neither trivial to compress nor incompressible.
std::string noise(std::size_t size) {
  std::minstd_rand random(7);
  std::string text(size, ' ');
  for (char& c : text) {
    c = static_cast<char>('a' + random() % 23);
  }
  return text;
}

TEST(Gzip, TwoPartsAreOneMember) {
  const GzipStart start = gzip_start({piece("# HELP a\n"), piece("a 1\n")});
  EXPECT_EQ(inflate_gzip(start.bytes + gzip_finish(start, "b 2\n")), "# HELP a\na 1\nb 2\n");
}

TEST(Gzip, OneStartServesManyEnds) {
  const GzipStart start = gzip_start({piece(noise(300'000))});
  for (const std::string& end : {std::string(), std::string("# EOF\n"), noise(100'000)}) {
    EXPECT_EQ(inflate_gzip(start.bytes + gzip_finish(start, end)), noise(300'000) + end);
  }
}

TEST(Gzip, NothingAtAll) {
  const GzipStart start = gzip_start({});
  EXPECT_EQ(inflate_gzip(start.bytes + gzip_finish(start, "")), "");
  EXPECT_EQ(inflate_gzip(gzip("")), "");
}

TEST(Gzip, EmptyPiecesAndManyPieces) {
  SharedBuffers pieces{piece("")};
  std::string all;
  for (int i = 0; i < 1000; ++i) {
    pieces.push_back(piece(std::to_string(i) + "\n"));
    all += *pieces.back();
  }
  const GzipStart start = gzip_start(pieces);
  EXPECT_EQ(start.size, all.size());
  EXPECT_EQ(inflate_gzip(start.bytes + gzip_finish(start, "end")), all + "end");
}

TEST(Gzip, WholeTextAndItCompresses) {
  const std::string text(1'000'000, 'x');
  const std::string compressed = gzip(text);
  EXPECT_LT(compressed.size(), text.size() / 100);
  EXPECT_EQ(inflate_gzip(compressed), text);
}

TEST(Gzip, EverySizeAroundTheOutputBuffer) {
  for (std::size_t size = 65'500; size < 65'600; size += 7) {
    EXPECT_EQ(inflate_gzip(gzip(noise(size))), noise(size));
  }
}

TEST(Gunzip, ReadsWhatGzipWrote) {
  std::string text;
  for (const std::size_t size : {0, 1, 100, 65'536, 300'000}) {
    while (text.size() < size) text += static_cast<char>(text.size() * text.size() / 7);
    EXPECT_EQ(gunzip(gzip(text), text.size()), text);
  }
}

TEST(Gunzip, RefusesWhatIsDamagedOrTooLong) {
  const std::string text(1000, 'x');
  const std::string body = gzip(text);
  EXPECT_THROW(gunzip(body, 999), Error);
  EXPECT_THROW(gunzip("", 1000), Error);
  EXPECT_THROW(gunzip("plain text", 1000), Error);
  EXPECT_THROW(gunzip(body + "x", 1000), Error);
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_THROW(gunzip(std::string_view(body).substr(0, size), 1000), Error);
  }
  std::string damaged = body;
  damaged[damaged.size() - 6] ^= 1;  // of the checksum
  EXPECT_THROW(gunzip(damaged, 1000), Error);
}

TEST(Gunzip, TooLongIsAnotherErrorThanDamage) {
  const auto reason = [](std::string_view body, std::size_t longest) {
    try {
      gunzip(body, longest);
    } catch (const Error& error) {
      return to_string(error.reason());
    }
    return std::string_view("none");
  };
  const std::string body = gzip(noise(100'000));
  EXPECT_EQ(reason(body, 100'000), "none");
  EXPECT_EQ(reason(body, 99'999), "limit");
  EXPECT_EQ(reason(body + "x", 100'000), "data");
  EXPECT_EQ(reason(std::string_view(body).substr(0, 1'000), 100'000), "data");
}

// Through pieces of the body and rooms for the text of these sizes.
std::string in_pieces(std::string_view body, std::size_t piece, std::size_t room) {
  Gunzip gunzip;
  std::string text;
  std::string space(room, '\0');
  bool full = false;
  while (!body.empty() || full) {
    const Gunzip::Step step = gunzip.step(body.substr(0, piece), {space.data(), space.size()});
    text.append(space, 0, step.made);
    body.remove_prefix(step.taken);
    full = step.made == room;
  }
  EXPECT_TRUE(gunzip.ended());
  return text;
}

TEST(Gunzip, PiecesMakeNoDifference) {
  const std::string text = noise(100'000);
  const std::string body = gzip(text);
  for (const std::size_t piece : {1UL, 7UL, 1000UL, body.size()}) {
    for (const std::size_t room : {1UL, 999UL, 1'000'000UL}) {
      EXPECT_EQ(in_pieces(body, piece, room), text);
    }
  }
}

TEST(Gunzip, ReadsSeveralMembers) {
  const std::string body = gzip("one,") + gzip("") + gzip("two");
  for (const std::size_t piece : {1UL, 5UL, body.size()}) {
    EXPECT_EQ(in_pieces(body, piece, 100), "one,two");
  }
}

TEST(Gunzip, SaysWhetherItIsWholeAndRefusesDamage) {
  std::string body = gzip(noise(1000));
  std::string room(2000, '\0');
  Gunzip half;
  half.step(std::string_view(body).substr(0, body.size() - 1), {room.data(), room.size()});
  EXPECT_FALSE(half.ended());
  body[body.size() - 6] ^= 1;  // of the checksum
  Gunzip damaged;
  EXPECT_THROW(damaged.step(body, {room.data(), room.size()}), Error);
}

}  // namespace
}  // namespace usage
