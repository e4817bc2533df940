#include "exporter/base/json_writer.h"

#include <gtest/gtest.h>

namespace usage {
namespace {

TEST(JsonWriter, NumbersAreTheShortest) {
  const auto text = [](std::optional<double> number) { return json_line(json_number(number)); };
  EXPECT_EQ(text(12), "12");
  EXPECT_EQ(text(-0.1), "-0.1");
  EXPECT_EQ(text(1e15), "1000000000000000");
  EXPECT_EQ(text(1e16), "1e+16");
  EXPECT_EQ(text(1e-5), "1e-05");
  EXPECT_EQ(text(std::nullopt), "null");
}

TEST(JsonWriter, KeysKeepTheirOrderAndSomeObjectsTheirLine) {
  JsonDocument document = JsonDocument::object();
  document["z"] = JsonDocument{{"flat", 1}, {"list", {1, "x\n"}}};
  document["a"] = JsonDocument::object();
  document["l"] = JsonDocument::array({JsonDocument{{"b", true}}});
  EXPECT_EQ(json_lines(document, [](const JsonDocument& one) { return one.contains("flat"); }),
            "{\n"
            "  \"z\": {\"flat\": 1, \"list\": [1, \"x\\n\"]},\n"
            "  \"a\": {},\n"
            "  \"l\": [\n"
            "    {\n"
            "      \"b\": true\n"
            "    }\n"
            "  ]\n"
            "}");
}

TEST(JsonWriter, WhatIsNotUtf8IsReplaced) {
  EXPECT_EQ(json_line(JsonDocument("a\xff")), "\"a\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace usage
