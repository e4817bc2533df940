#include "collectors/events/ingest/ingest_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "collectors/events/ingest/ingest_key.h"
#include "exporter/base/error.h"
#include "exporter/base/timestamps.h"

namespace usage {
namespace {

using testing::ElementsAre;

const EventFilter kKept{{"Export Used", {"properties.format", "context.page.path"}}};

Instant at(const char* text) { return parse_rfc3339(text).value(); }

class IngestRequestTest : public testing::Test {
 protected:
  IngestItems items(const std::string& body, std::string_view type = "",
                    std::size_t max_event_bytes = 4096) {
    reader_.parse(body);
    return reader_.items(kKept, type, at("2026-11-25T12:00:00Z"), max_event_bytes);
  }

  // The one event of the body.
  JournalEvent event(const std::string& body, std::string_view type = "track") {
    IngestItems found = items(body, type);
    EXPECT_EQ(found.events.size(), 1U) << body;
    return found.events.empty() ? JournalEvent() : found.events.front();
  }

  std::string key(const std::string& body) {
    reader_.parse(body);
    return std::string(reader_.key());
  }

  IngestReader reader_{1 << 20};
};

// As @segment/analytics-node 2 sends it.
TEST_F(IngestRequestTest, ABatchOfSegment) {
  const IngestItems found = items(R"({"batch":[
    {"type":"track","event":"Export Used","userId":"u1","properties":{"format":"csv","rows":7},
     "timestamp":"2026-11-25T11:59:58.500Z","messageId":"node-next-1","context":{"page":{"path":"/a"}}},
    {"type":"track","event":"Other","userId":"u1","messageId":"node-next-2"},
    {"type":"identify","userId":"u1","traits":{"email":"x@example.com"},"messageId":"node-next-3"}],
    "writeKey":"k","sentAt":"2026-11-25T11:59:59Z"})");
  ASSERT_EQ(found.events.size(), 1U);
  EXPECT_EQ(found.events[0],
            (JournalEvent{"Export Used", at("2026-11-25T11:59:59.5Z"), "u1", "node-next-1",
                          R"({"context.page.path":"/a","properties.format":"csv"})"}));
  EXPECT_EQ(found.other, 2U);
  EXPECT_THAT(found.refused, ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(found.users, ElementsAre(1, 0, 0, 0, 0));
  EXPECT_THAT(found.times, ElementsAre(1, 0, 0, 0));
}

// As @segment/analytics-next sends it to /v1/t.
TEST_F(IngestRequestTest, ACallOfTheBrowser) {
  const std::string body = R"({"event":"Export Used","userId":null,"anonymousId":"a1",
    "properties":{"format":"png"},"timestamp":"2026-11-25T12:00:00Z","messageId":"ajs-next-1",
    "writeKey":"k1","sentAt":"2026-11-25T12:00:01Z"})";
  const JournalEvent found = event(body);
  EXPECT_EQ(found.user, "a1");
  EXPECT_EQ(found.time, at("2026-11-25T11:59:59Z"));
  EXPECT_EQ(items(body, "page").other, 1U);
  EXPECT_EQ(key(body), "k1");
}

// As @rudderstack/rudder-sdk-node sends it: no key, and each event has its own sentAt.
TEST_F(IngestRequestTest, ABatchOfRudderStack) {
  const JournalEvent found = event(R"({"batch":[{"type":"track","event":"Export Used","userId":"u2",
    "originalTimestamp":"2026-11-25T12:00:00Z","sentAt":"2026-11-25T12:00:10Z","messageId":"m"}],
    "sentAt":"2026-11-25T12:00:20Z"})");
  EXPECT_EQ(found.time, at("2026-11-25T11:59:50Z"));
  EXPECT_EQ(key(R"({"batch":[]})"), "");
}

TEST_F(IngestRequestTest, ABatchOfPostHog) {
  const std::string body = R"({"api_key":"phc","batch":[{"event":"Export Used","distinct_id":"d1",
    "properties":{"format":"csv","user_id":"other"},"timestamp":"2026-11-25T12:00:00+01:00",
    "uuid":"0192"},{"event":"$identify","distinct_id":"d1","uuid":"0193"}]})";
  const JournalEvent found = event(body, "");
  EXPECT_EQ(found.user, "d1");
  EXPECT_EQ(found.message, "0192");
  EXPECT_EQ(found.time, at("2026-11-25T11:00:00Z"));
  EXPECT_EQ(items(body).times[1], 1U);  // nothing says how wrong the clock is
  EXPECT_EQ(key(body), "phc");
  EXPECT_EQ(key(R"([{"event":"x","properties":{"token":"phc2"}}])"), "phc2");
}

TEST_F(IngestRequestTest, TheUserIsLookedForInThisOrder) {
  const std::vector<std::pair<std::string, std::optional<std::string>>> cases{
      {R"("userId":"a","anonymousId":"b","properties":{"user_id":"c"})", "a"},
      {R"("userId":7,"anonymousId":"b")", "7"},
      {R"("userId":"","anonymousId":"b","properties":{"user_id":"c"})", "c"},
      {R"("userId":null,"anonymousId":"b","properties":{"user_id":null})", "b"},
      {R"("userId":{"a":1})", std::nullopt},
      {R"("properties":7)", std::nullopt}};
  for (const auto& [fields, user] : cases) {
    EXPECT_EQ(event(R"({"event":"Export Used",)" + fields + "}").user, user) << fields;
  }
  EXPECT_THAT(items(R"([{"event":"Export Used"},{"event":"Export Used","anonymousId":"a"},
                        {"event":"Export Used","properties":{"user_id":1}},
                        {"event":"Export Used","distinct_id":"d"}])")
                  .users,
              ElementsAre(0, 1, 1, 1, 1));
}

TEST_F(IngestRequestTest, ATimeThatIsNotOrCannotBeIsWhenItCame) {
  const Instant came = at("2026-11-25T12:00:00Z");
  const auto with = [&](const std::string& fields) {
    return items(R"({"event":"Export Used",)" + fields + "}", "track");
  };
  const IngestItems soon = with(R"("timestamp":"2026-11-25T12:04:59Z")");
  EXPECT_EQ(soon.events[0].time, came + std::chrono::seconds(299));
  const IngestItems future = with(R"("timestamp":"2026-11-25T12:05:01Z")");
  EXPECT_EQ(future.events[0].time, came);
  EXPECT_THAT(future.times, ElementsAre(0, 0, 0, 1));
  for (const char* fields : {R"("timestamp":"yesterday")", R"("timestamp":null)", R"("x":1)",
                             R"("timestamp":["2026-11-25T12:00:00Z"])"}) {
    const IngestItems absent = with(fields);
    EXPECT_EQ(absent.events[0].time, came) << fields;
    EXPECT_THAT(absent.times, ElementsAre(0, 0, 1, 0)) << fields;
  }
  // A clock that is a year ahead, and knows when it sent.
  EXPECT_EQ(
      with(R"("timestamp":"2027-11-25T11:00:00Z","sentAt":"2027-11-25T11:00:30Z")").events[0].time,
      came - std::chrono::seconds(30));
}

TEST_F(IngestRequestTest, TheContextOfABatchIsThatOfItsItems) {
  const IngestItems found =
      items(R"({"context":{"page":{"path":"/all"}},"properties":{"format":"no"},
    "batch":[{"type":"track","event":"Export Used"},
             {"type":"track","event":"Export Used","context":{"page":{"path":"/own"}}}]})");
  ASSERT_EQ(found.events.size(), 2U);
  EXPECT_EQ(found.events[0].fields, R"({"context.page.path":"/all"})");
  EXPECT_EQ(found.events[1].fields, R"({"context.page.path":"/own"})");
}

TEST_F(IngestRequestTest, TheContextOfABatchDoesNotMultiplyWithoutEnd) {
  std::string body =
      R"({"context":{"page":{"path":")" + std::string(4000, 'x') + R"("}},"batch":[{})";
  for (int i = 0; i < 1000; ++i) {
    body += R"(,{"event":"Export Used"})";
  }
  const IngestItems found = items(body + "]}", "", 4096);
  EXPECT_GT(found.events.size(), 200U);
  EXPECT_LE(found.events.size() * 4000, std::size_t{1} << 20U);
  EXPECT_EQ(found.refused[3], 1000 - found.events.size());
}

TEST_F(IngestRequestTest, WhatCannotBeUsedIsCountedAndTheRestTaken) {
  const IngestItems found = items(
      R"({"batch":[7,[],null,{"type":"track"},{"type":"track","event":""},{"type":"nonsense"},{},
                {"type":"track","event":"Export Used","userId":")" +
          std::string(300, 'x') + R"("},{"type":"track","event":"Export Used","userId":"u"}]})",
      "", 256);
  EXPECT_EQ(found.events.size(), 1U);
  EXPECT_THAT(found.refused, ElementsAre(3, 2, 2, 1));
}

TEST_F(IngestRequestTest, WhatIsNoJsonIsRefused) {
  std::string deep(1'000'000, '[');
  for (const std::string& body :
       {std::string(), std::string("{"), std::string("\xff\xfe"), std::string("{\"a\":\"\xc3\"}"),
        deep, std::string(2 << 20, ' ')}) {
    EXPECT_THROW(reader_.parse(body), Error) << body.substr(0, 20);
  }
  for (const char* body : {"7", "null", "\"x\"", "[]", "{\"batch\":{}}"}) {
    reader_.parse(body);
    EXPECT_EQ(reader_.key(), "") << body;
    EXPECT_TRUE(items(body).events.empty()) << body;
  }
}

TEST(IngestKey, IsTheUserOfBasicOrTheToken) {
  EXPECT_EQ(key_in_authorization("Basic a2V5MTo="), "key1");
  EXPECT_EQ(key_in_authorization("basic a2V5MQ=="), "key1");
  EXPECT_EQ(key_in_authorization("Basic a2V5MTpzZWNyZXQ"), "key1");
  EXPECT_EQ(key_in_authorization("Bearer key1"), "key1");
  EXPECT_EQ(key_in_authorization("BEARER   key1"), "key1");
  for (const char* header : {"", "Basic", "Basic ", "Basic !!!", "Digest key1", "key1", "Bearer"}) {
    EXPECT_EQ(key_in_authorization(header), "") << header;
  }
}

TEST(IngestKey, OnlyTheWholeKeyFits) {
  EXPECT_TRUE(same_key("key1key1", "key1key1"));
  for (const char* other : {"", "key1", "key1key2", "key1key1key1key1", "KEY1KEY1"}) {
    EXPECT_FALSE(same_key(other, "key1key1")) << other;
  }
  EXPECT_FALSE(same_key("", ""));
}

}  // namespace
}  // namespace usage
