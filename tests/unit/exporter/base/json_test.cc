#include "exporter/base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/base/error.h"

namespace usage::json {
namespace {

using testing::ElementsAre;
using testing::Not;

std::string refusal(Parser& parser, std::string_view text) {
  try {
    parser.parse(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), Reason::data);
    return error.what();
  }
  return "";
}

std::string scalar(const Value& value) {
  std::string out;
  return value.append_scalar(out) ? out : "none";
}

TEST(Json, GivesTypedScalars) {
  Parser parser(1000, 10);
  const Value value =
      parser.parse(R"({"a":1,"b":2.5,"c":"x\u00e9","d":true,"e":null,"f":[1,2],"g":-3})");
  EXPECT_EQ(value.find("a")->integer(), 1);
  EXPECT_EQ(value.find("a")->number(), 1.0);
  EXPECT_EQ(value.find("b")->number(), 2.5);
  EXPECT_EQ(value.find("b")->integer(), std::nullopt);
  EXPECT_EQ(value.find("c")->string(), "x\u00e9");
  EXPECT_EQ(value.find("d")->boolean(), true);
  EXPECT_EQ(value.find("e")->kind(), Value::Kind::null);
  EXPECT_EQ(value.find("g")->integer(), -3);
  EXPECT_FALSE(value.find("z"));
  EXPECT_FALSE(value.find("a")->string());
  std::vector<std::int64_t> items;
  value.find("f")->each_item([&](Value item) { items.push_back(*item.integer()); });
  EXPECT_THAT(items, ElementsAre(1, 2));
}

TEST(Json, FollowsDottedPaths) {
  Parser parser(1000, 10);
  const Value value = parser.parse(
      R"({"context":{"page":{"path":"/x"},"page.title":"t"},"http.status":200,"a":{"b":1},"a.b":2})");
  EXPECT_EQ(value.at("context.page.path")->string(), "/x");
  EXPECT_EQ(value.at("context.page.title")->string(), "t");
  EXPECT_EQ(value.at("http.status")->integer(), 200);
  EXPECT_EQ(value.at("a.b")->integer(), 2) << "the longer key";
  EXPECT_FALSE(value.at("a.c"));
  EXPECT_FALSE(value.at("http.status.code"));
  EXPECT_FALSE(value.at(""));
  EXPECT_FALSE(value.at("."));
}

TEST(Json, WritesScalarsAsTheyWere) {
  Parser parser(1000, 10);
  const Value value = parser.parse(
      R"({"a":18446744073709551615,"b":0.1,"c":"q\"\\\n\u0001","d":false,"e":null,"f":{}})");
  EXPECT_EQ(scalar(*value.find("a")), "18446744073709551615");
  EXPECT_EQ(scalar(*value.find("b")), "0.1");
  EXPECT_EQ(scalar(*value.find("c")), R"("q\"\\\n\u0001")");
  EXPECT_EQ(scalar(*value.find("d")), "false");
  EXPECT_EQ(scalar(*value.find("e")), "null");
  EXPECT_EQ(scalar(*value.find("f")), "none");
  std::string buffer;
  EXPECT_EQ(value.find("a")->text(buffer), "18446744073709551615");
  EXPECT_EQ(value.find("b")->text(buffer), "0.1");
  EXPECT_EQ(value.find("d")->text(buffer), std::nullopt);
}

TEST(Json, RefusesWhatIsTooLongTooDeepOrNoJson) {
  Parser parser(4'000'000, 64);
  EXPECT_EQ(refusal(parser, std::string(4'000'001, ' ')), "longer than 4000000 bytes");
  EXPECT_EQ(refusal(parser, std::string(1'000'000, '[') + std::string(1'000'000, ']')),
            "nested deeper than 64");
  std::string nested;
  for (int i = 0; i < 300'000; ++i) {
    nested += "{\"a\":";
  }
  nested += std::string(300'000, '}');
  EXPECT_EQ(refusal(parser, nested), "nested deeper than 64");
  EXPECT_EQ(refusal(parser, std::string(63, '[') + std::string(63, ']')), "");
  EXPECT_EQ(refusal(parser, "{\"a\":\"\xff\xfe\"}"), "not valid UTF-8");
  EXPECT_EQ(refusal(parser, "  "), "empty");
  for (const char* text :
       {"{\"secret\":", "{\"secret\" 1}", "secret", "{} {}", "{\"a\":01}", "\""}) {
    EXPECT_EQ(refusal(parser, text), "no valid JSON") << text;
  }
  EXPECT_EQ(refusal(parser, std::string_view("{\"a\":\0}", 7)), "no valid JSON");
  EXPECT_EQ(parser.parse("{\"a\":1}").find("a")->integer(), 1) << "goes on after a refusal";
}

TEST(Json, AParsedTextCanBeLongerThanTheOneBefore) {
  Parser parser(1 << 20, 8);
  for (std::size_t size = 1; size < (1 << 19); size *= 7) {
    const std::string text = "[\"" + std::string(size, 'x') + "\"]";
    std::size_t seen = 0;
    parser.parse(text).each_item([&](Value item) { seen = item.string()->size(); });
    EXPECT_EQ(seen, size);
  }
}

TEST(Json, TextsNeedNoCopyWhenTheyArePadded) {
  Parser parser(1000, 10);
  const std::string text = "{\"a\":7}garbage" + std::string(Parser::kPadding, '{');
  EXPECT_EQ(parser.parse_padded(std::string_view(text).substr(0, 7)).find("a")->integer(), 7);
}

}  // namespace
}  // namespace usage::json
