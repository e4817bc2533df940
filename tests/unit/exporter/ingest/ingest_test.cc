#include "exporter/ingest/ingest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>

#include "exporter/base/error.h"
#include "exporter/base/gzip.h"
#include "tests/support/fake_clock.h"

namespace usage {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

constexpr char kKey[] = "write-key-1";
constexpr char kBasic[] = "Basic d3JpdGUta2V5LTE6";  // kKey and a colon
constexpr char kEvent[] = R"({"event":"Export Used","userId":"u","messageId":"m1"})";

class IngestTest : public testing::Test {
 protected:
  using Headers = std::map<std::string, std::string>;

  HttpResponse send(const std::string& body, const Headers& headers = {{"Authorization", kBasic}},
                    std::string_view method = "POST") {
    HttpRequest request;
    request.method = method;
    request.body = body;
    request.header = [&](const char* name) -> std::string_view {
      const auto found = headers.find(name);
      return found == headers.end() ? std::string_view() : found->second;
    };
    auto admitted = ingest_.admit(request);
    HttpResponse response = std::holds_alternative<HttpResponse>(admitted)
                                ? std::get<HttpResponse>(admitted)
                                : ingest_.answer(request, "track");
    ingest_.finish(request, response);
    return response;
  }

  int status(const std::string& body, const Headers& headers = {{"Authorization", kBasic}}) {
    return send(body, headers).status;
  }

  double value(const std::string& name, const std::vector<std::string>& labels) const {
    for (const MetricFamily& family : metrics_.metrics()) {
      for (const Sample& sample : family.samples) {
        if (family.name == name && sample.labels == labels) {
          return sample.value;
        }
      }
    }
    return -1;
  }

  static IngestConfig config() {
    IngestConfig config;
    config.keys = {{"old", Secret("another-key")}, {"web", Secret(kKey)}};
    config.allow_origins = {"https://app.example.com"};
    config.max_batch_bytes = 10'000;
    return config;
  }

  std::function<std::vector<std::uint64_t>(std::span<JournalBatch>)> append_ =
      [this](std::span<JournalBatch> batches) {
        std::vector<std::uint64_t> stored;
        for (JournalBatch& batch : batches) {
          stored.push_back(batch.events.size());
          batches_.push_back(std::move(batch));
        }
        return stored;
      };
  FakeClock clock_{Instant(std::chrono::hours(490'000))};
  std::FILE* out_ = std::tmpfile();
  Log log_{out_, LogLevel::info, LogFormat::logfmt, clock_};
  std::vector<JournalBatch> batches_;
  IngestMetrics metrics_{clock_.now()};
  GroupCommit commit_{[this](std::span<JournalBatch> batches) { return append_(batches); }, 1000};
  Ingest ingest_{{{"web_events", config(), {{"Export Used", {}}}}},
                 {commit_, metrics_, clock_, log_}};
};

TEST_F(IngestTest, TheKeyMayStandInManyPlaces) {
  EXPECT_EQ(status(kEvent), 200);
  EXPECT_EQ(status(kEvent, {{"Authorization", "Bearer write-key-1"}}), 200);
  EXPECT_EQ(status(R"({"event":"Export Used","writeKey":"write-key-1"})", {}), 200);
  EXPECT_EQ(status(R"({"api_key":"another-key","batch":[]})", {}), 200);
  EXPECT_EQ(batches_.size(), 3U);
  EXPECT_EQ(batches_[0].source, "web_events");
  EXPECT_EQ(value("usage_ingest_requests_total", {"200"}), 4);
}

TEST_F(IngestTest, WithoutItNothingIsTaken) {
  EXPECT_EQ(status(kEvent, {}), 401);
  EXPECT_EQ(status(R"({"event":"Export Used","writeKey":"write-key-2"})", {}), 401);
  EXPECT_EQ(status(R"({"event":"Export Used","writeKey":["write-key-1"]})", {}), 401);
  // What a proxy or a person put there is not passed over for the body's.
  EXPECT_EQ(status(R"({"event":"Export Used","writeKey":"write-key-1"})",
                   {{"Authorization", "Bearer write-key-2"}}),
            401);
  EXPECT_TRUE(batches_.empty());
  EXPECT_EQ(value("usage_ingest_requests_total", {"401"}), 4);
  EXPECT_EQ(value("usage_ingest_events_total", {"web_events", "stored"}), 0);
}

TEST_F(IngestTest, GzipIsKnownByItsFirstBytes) {
  EXPECT_EQ(status(gzip(kEvent)), 200);
  ASSERT_EQ(batches_.size(), 1U);
  EXPECT_EQ(batches_[0].events[0].message, "m1");
  const std::string bomb = gzip(std::string(10'000'000, ' '));
  EXPECT_LT(bomb.size(), 100'000U);
  const HttpResponse response = send(bomb);
  EXPECT_EQ(response.status, 413);
  EXPECT_THAT(*response.body.front(), HasSubstr("inflates to more than 10000 bytes"));
  EXPECT_EQ(status(gzip(kEvent).substr(0, 30)), 400);
  EXPECT_EQ(status(gzip(kEvent) + "x"), 400);
}

TEST_F(IngestTest, WhatIsNoJsonIsABadRequest) {
  for (const std::string& body : {std::string(), std::string("nonsense"),
                                  std::string("{\"a\":\"\xff\"}"), std::string(9000, '[')}) {
    const HttpResponse response = send(body);
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.content_type, "application/json");
    EXPECT_THAT(*response.body.front(), HasSubstr("\"success\":false"));
  }
}

TEST_F(IngestTest, PagesOfOtherOriginsMayNotSend) {
  const HttpResponse allowed =
      send(kEvent, {{"Authorization", kBasic}, {"Origin", "https://app.example.com"}});
  EXPECT_EQ(allowed.status, 200);
  EXPECT_THAT(allowed.headers,
              AllOf(Contains(Pair("Access-Control-Allow-Origin", "https://app.example.com")),
                    Contains(Pair("Vary", "Origin"))));
  const HttpResponse other =
      send(kEvent, {{"Authorization", kBasic}, {"Origin", "https://evil.example.com"}});
  EXPECT_EQ(other.status, 403);
  EXPECT_THAT(other.headers,
              testing::Not(Contains(Pair("Access-Control-Allow-Origin", testing::_))));
  EXPECT_EQ(batches_.size(), 1U);
}

TEST_F(IngestTest, ThePreflightNeedsNoKey) {
  const HttpResponse response =
      send("",
           {{"Origin", "https://app.example.com"},
            {"Access-Control-Request-Headers", "authorization,content-type"}},
           "OPTIONS");
  EXPECT_EQ(response.status, 204);
  EXPECT_THAT(response.headers,
              AllOf(Contains(Pair("Access-Control-Allow-Origin", "https://app.example.com")),
                    Contains(Pair("Access-Control-Allow-Methods", "POST")),
                    Contains(Pair("Access-Control-Allow-Headers",
                                  AllOf(HasSubstr("authorization"), HasSubstr("content-type"),
                                        HasSubstr("x-retry-count"))))));
}

TEST_F(IngestTest, UnderPressureClientsAreAskedToComeAgain) {
  append_ = [](std::span<JournalBatch>) -> std::vector<std::uint64_t> {
    throw Error(Reason::io, "cannot write the journal: disk full");
  };
  for (int i = 0; i < 3; ++i) {
    const HttpResponse response = send(kEvent);
    EXPECT_EQ(response.status, 503);
    EXPECT_THAT(response.headers, Contains(Pair("Retry-After", "10")));
    EXPECT_THAT(*response.body.front(), testing::Not(HasSubstr("disk full")));
  }
  EXPECT_EQ(value("usage_ingest_events_total", {"web_events", "stored"}), 0);
  std::rewind(out_);
  std::string text(10'000, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), out_));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  EXPECT_THAT(text, HasSubstr("disk full"));
}

TEST_F(IngestTest, DuplicatesAndOthersAreCounted) {
  append_ = [](std::span<JournalBatch> batches) {
    return std::vector<std::uint64_t>(batches.size(), 1);
  };
  EXPECT_EQ(status(R"([{"event":"Export Used"},{"event":"Export Used"},{"event":"x"},7])"), 200);
  EXPECT_EQ(value("usage_ingest_events_total", {"web_events", "stored"}), 1);
  EXPECT_EQ(value("usage_ingest_events_total", {"web_events", "duplicate"}), 1);
  EXPECT_EQ(value("usage_ingest_events_total", {"web_events", "other"}), 1);
  EXPECT_EQ(value("usage_ingest_rejected_events_total", {"web_events", "no_object"}), 1);
  EXPECT_EQ(value("usage_ingest_event_users_total", {"web_events", "unknown"}), 2);
  EXPECT_NO_THROW(validate(metrics_.metrics()));
}

TEST(IngestRoutes, AreNotThereWithoutASource) {
  std::size_t paths = 0;
  for (const HttpRoute& route : ingest_routes([] { return std::shared_ptr<Ingest>(); })) {
    HttpRequest request;
    request.method = "POST";
    HttpResponse response = std::get<HttpResponse>(route.admit(request));
    EXPECT_EQ(response.status, 404) << route.path;
    response.status = 405;
    route.finish(request, response);
    EXPECT_EQ(response.status, 404) << route.path;
    ++paths;
  }
  EXPECT_EQ(paths, 20U);
}

}  // namespace
}  // namespace usage
