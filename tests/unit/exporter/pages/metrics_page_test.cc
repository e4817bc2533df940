#include "exporter/pages/metrics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/fake_clock.h"
#include "tests/support/inflate.h"
#include "tests/support/sanitizers.h"

namespace usage {
namespace {

using namespace std::chrono_literals;

TEST(NegotiateFormat, AsPrometheusAsks) {
  const std::vector<std::pair<std::string, Format>> cases{
      {"", Format::text},
      {"*/*", Format::text},
      {"text/html,application/xhtml+xml,*/*;q=0.8", Format::text},
      // Prometheus 2.42
      {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q="
       "0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       Format::openmetrics},
      // Prometheus 3 with protobuf
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
       "q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
       "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping="
       "allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
       Format::openmetrics},
      {"application/openmetrics-text", Format::openmetrics},
      {"Application/OpenMetrics-Text; Version=\"1.0.0\"", Format::openmetrics},
      {"application/openmetrics-text; version=0.0.1", Format::text},
      {"application/openmetrics-text; version=2.0.0", Format::text},
      {"application/openmetrics-text;q=0.2, text/plain;q=0.9", Format::text},
      {"text/plain;q=0.2, application/openmetrics-text;q=0.9", Format::openmetrics},
      {"text/plain, application/openmetrics-text", Format::text},
      {"application/openmetrics-text;q=0", Format::text},
      {"application/openmetrics-text;q=0, */*", Format::text},
      {"application/openmetrics-text;q=zzz", Format::text},
      {"application/openmetrics-text;q=7", Format::text},
      {";;,,q=,=;\"", Format::text},
  };
  for (const auto& [accept, format] : cases) {
    EXPECT_EQ(negotiate_format(accept), format) << accept;
  }
}

TEST(AcceptsGzip, ByQuality) {
  for (const char* yes : {"gzip", "GZIP", "deflate, gzip;q=0.5", "x-gzip", "*", "br;q=1.0, *;q=0.1",
                          " gzip , identity"}) {
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  }
  for (const char* no : {"", "identity", "gzip;q=0", "*;q=0", "br", "gzip;q=0, *", "gzipped"}) {
    EXPECT_FALSE(accepts_gzip(no)) << no;
  }
}

std::string body(const HttpResponse& response) {
  std::string text;
  for (const auto& piece : response.body) {
    text += *piece;
  }
  return response.content_encoding == "gzip" ? inflate_gzip(text) : text;
}

MetricFamily family(std::string name, std::size_t samples) {
  MetricFamily result;
  result.name = std::move(name);
  result.help = "Help.";
  result.label_names = {"n"};
  for (std::size_t i = 0; i < samples; ++i) {
    result.samples.push_back({{"row " + std::to_string(i)}, static_cast<double>(i)});
  }
  return result;
}

class MetricsPageTest : public testing::Test {
 protected:
  HttpResponse get(std::string_view accept = "", std::string_view encoding = "") {
    return page.get({"GET", "/metrics", "", accept, encoding});
  }

  Metrics own() {
    ++asked;
    MetricFamily up = family("self_asked", 0);
    up.label_names.clear();
    up.samples = {{{}, static_cast<double>(asked)}};
    return {up};
  }

  int asked = 0;
  FakeClock clock{Instant(1'000s)};
  Publisher publisher;
  MetricsPage page{publisher, [this] { return own(); }, clock};
};

TEST_F(MetricsPageTest, OwnSeriesFollowTheSnapshotInEveryForm) {
  publisher.replace({"c", "s"}, {family("app_x", 2)});
  const std::string text = render({family("app_x", 2)}, Format::text) +
                           "# HELP self_asked Help.\n# TYPE self_asked gauge\nself_asked 1\n";
  const std::string openmetrics = "application/openmetrics-text; version=1.0.0";
  EXPECT_EQ(body(get()), text);
  EXPECT_EQ(body(get("", "gzip")), text);
  EXPECT_EQ(body(get(openmetrics)), text + "# EOF\n");
  EXPECT_EQ(body(get(openmetrics, "gzip")), text + "# EOF\n");
}

TEST_F(MetricsPageTest, HeadersSayWhatWasNegotiated) {
  const HttpResponse plain = get();
  EXPECT_EQ(plain.content_type, content_type(Format::text));
  EXPECT_EQ(plain.content_encoding, "");
  const HttpResponse other = get("application/openmetrics-text", "gzip");
  EXPECT_EQ(other.content_type, content_type(Format::openmetrics));
  EXPECT_EQ(other.content_encoding, "gzip");
  EXPECT_THAT(other.headers,
              testing::ElementsAre(testing::Pair("Vary", "Accept, Accept-Encoding")));
}

TEST_F(MetricsPageTest, OwnSeriesAreReadAtMostOnceASecond) {
  for (int i = 0; i < 100; ++i) {
    get(i % 2 == 0 ? "" : "application/openmetrics-text", i % 3 == 0 ? "gzip" : "");
  }
  EXPECT_EQ(asked, 1);
  clock.advance(999ms);
  get();
  EXPECT_EQ(asked, 1);
  clock.advance(1ms);
  EXPECT_THAT(body(get()), testing::HasSubstr("self_asked 2\n"));
}

TEST_F(MetricsPageTest, ANewSnapshotIsServedAtOnce) {
  get("", "gzip");
  publisher.replace({"c", "s"}, {family("app_new", 1)});
  EXPECT_THAT(body(get("", "gzip")), testing::HasSubstr("app_new{"));
  EXPECT_EQ(asked, 1);
}

TEST_F(MetricsPageTest, RepeatedScrapesShareOneBody) {
  publisher.replace({"c", "s"}, {family("app_x", 100)});
  const HttpResponse first = get("", "gzip");
  ASSERT_EQ(first.body.size(), 1U);
  EXPECT_EQ(first.body[0].get(), get("", "gzip").body[0].get());
}

TEST_F(MetricsPageTest, LargePagesAreSharedNotCopied) {
  publisher.replace({"c", "s"}, {family("app_x", 150'000)});
  const auto before = get();
  clock.advance(2s);
  const auto after = get();
  ASSERT_EQ(before.body.size(), 3U);
  EXPECT_EQ(before.body[1].get(), after.body[1].get());
  const auto compressed = get("", "gzip");
  clock.advance(2s);
  EXPECT_EQ(compressed.body[0].get(), get("", "gzip").body[0].get());
  EXPECT_EQ(body(get("", "gzip")), body(get()));
}

TEST_F(MetricsPageTest, ManyScrapersAtOnceGetWholePages) {
  publisher.replace({"c", "s"}, {family("app_x", 20'000)});
  const std::string expected = render({family("app_x", 20'000)}, Format::text);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < (kSanitized ? 5 : 20); ++n) {
        clock.advance(100ms);
        EXPECT_THAT(body(get("", i % 2 == 0 ? "gzip" : "")), testing::StartsWith(expected));
      }
    });
  }
}

}  // namespace
}  // namespace usage
