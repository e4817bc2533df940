#include "exporter/exposition/text_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <limits>

namespace usage {
namespace {

MetricFamily gauge(std::string name, std::vector<std::string> label_names,
                   std::vector<Sample> samples) {
  MetricFamily family;
  family.name = std::move(name);
  family.help = "Help.";
  family.label_names = std::move(label_names);
  family.samples = std::move(samples);
  return family;
}

std::string number(double value) {
  std::string text;
  append_number(value, text);
  return text;
}

TEST(RenderText, GaugeInBothFormats) {
  MetricFamily family =
      gauge("app_size_bytes", {"format", "team"}, {{{"csv", "blue"}, 1.5}, {{"pdf", ""}, -2}});
  family.unit = "bytes";
  EXPECT_EQ(render({family}, Format::text),
            "# HELP app_size_bytes Help.\n"
            "# TYPE app_size_bytes gauge\n"
            "app_size_bytes{format=\"csv\",team=\"blue\"} 1.5\n"
            "app_size_bytes{format=\"pdf\",team=\"\"} -2\n");
  EXPECT_EQ(render({family}, Format::openmetrics),
            "# HELP app_size_bytes Help.\n"
            "# TYPE app_size_bytes gauge\n"
            "# UNIT app_size_bytes bytes\n"
            "app_size_bytes{format=\"csv\",team=\"blue\"} 1.5\n"
            "app_size_bytes{format=\"pdf\",team=\"\"} -2\n"
            "# EOF\n");
}

TEST(RenderText, CounterFamilyLosesTotalInOpenMetrics) {
  MetricFamily family = gauge("app_exports_total", {}, {{{}, 7}});
  family.type = MetricType::counter;
  EXPECT_EQ(render({family}, Format::text),
            "# HELP app_exports_total Help.\n# TYPE app_exports_total counter\n"
            "app_exports_total 7\n");
  EXPECT_EQ(render({family}, Format::openmetrics),
            "# HELP app_exports Help.\n# TYPE app_exports counter\napp_exports_total 7\n# EOF\n");
}

TEST(RenderText, CreatedFollowsItsCounterInOpenMetricsOnly) {
  MetricFamily family = gauge("app_exports_total", {"f"}, {{{"a"}, 7}, {{"b"}, 8}});
  family.type = MetricType::counter;
  family.created = Instant(std::chrono::milliseconds(1'500));
  EXPECT_EQ(render({family}, Format::text),
            "# HELP app_exports_total Help.\n# TYPE app_exports_total counter\n"
            "app_exports_total{f=\"a\"} 7\napp_exports_total{f=\"b\"} 8\n");
  EXPECT_EQ(render({family}, Format::openmetrics),
            "# HELP app_exports Help.\n# TYPE app_exports counter\n"
            "app_exports_total{f=\"a\"} 7\napp_exports_created{f=\"a\"} 1.5\n"
            "app_exports_total{f=\"b\"} 8\napp_exports_created{f=\"b\"} 1.5\n# EOF\n");
}

TEST(RenderText, InfoAndStateSetAreGaugesInText) {
  MetricFamily info = gauge("app_build_info", {"version"}, {{{"1.2"}, 1}});
  info.type = MetricType::info;
  MetricFamily states =
      gauge("app_state", {"host", "app_state"}, {{{"h", "open"}, 1}, {{"h", "closed"}, 0}});
  states.type = MetricType::stateset;
  EXPECT_EQ(render({info, states}, Format::text),
            "# HELP app_build_info Help.\n# TYPE app_build_info gauge\n"
            "app_build_info{version=\"1.2\"} 1\n"
            "# HELP app_state Help.\n# TYPE app_state gauge\n"
            "app_state{host=\"h\",app_state=\"open\"} 1\n"
            "app_state{host=\"h\",app_state=\"closed\"} 0\n");
  EXPECT_EQ(render({info, states}, Format::openmetrics),
            "# HELP app_build Help.\n# TYPE app_build info\n"
            "app_build_info{version=\"1.2\"} 1\n"
            "# HELP app_state Help.\n# TYPE app_state stateset\n"
            "app_state{host=\"h\",app_state=\"open\"} 1\n"
            "app_state{host=\"h\",app_state=\"closed\"} 0\n# EOF\n");
}

TEST(RenderText, HistogramBoundsAreFloatsInBothFormats) {
  MetricFamily family = gauge("app_seconds", {"f"}, {});
  family.type = MetricType::histogram;
  family.unit = "seconds";
  family.bounds = {0.5, 1, 10, 1e9};
  family.histograms = {{{"csv"}, {1, 3, 4, 4, 5}, 12.25}};
  const std::string lines =
      "app_seconds_bucket{f=\"csv\",le=\"0.5\"} 1\n"
      "app_seconds_bucket{f=\"csv\",le=\"1.0\"} 3\n"
      "app_seconds_bucket{f=\"csv\",le=\"10.0\"} 4\n"
      "app_seconds_bucket{f=\"csv\",le=\"1e+09\"} 4\n"
      "app_seconds_bucket{f=\"csv\",le=\"+Inf\"} 5\n"
      "app_seconds_sum{f=\"csv\"} 12.25\n"
      "app_seconds_count{f=\"csv\"} 5\n";
  EXPECT_EQ(render({family}, Format::text),
            "# HELP app_seconds Help.\n# TYPE app_seconds histogram\n" + lines);
  family.created = Instant(std::chrono::seconds(3));
  EXPECT_EQ(render({family}, Format::openmetrics),
            "# HELP app_seconds Help.\n# TYPE app_seconds histogram\n# UNIT app_seconds seconds\n" +
                lines + "app_seconds_created{f=\"csv\"} 3\n# EOF\n");
}

TEST(RenderText, HistogramWithoutLabelsHasOnlyTheBound) {
  MetricFamily family = gauge("app_seconds", {}, {});
  family.type = MetricType::histogram;
  family.bounds = {2};
  family.histograms = {{{}, {1, 1}, 1}};
  EXPECT_THAT(render({family}, Format::text),
              testing::HasSubstr("app_seconds_bucket{le=\"2.0\"} 1\n"
                                 "app_seconds_bucket{le=\"+Inf\"} 1\n"
                                 "app_seconds_sum 1\napp_seconds_count 1\n"));
}

TEST(RenderText, HelpEscapesQuotesInOpenMetricsOnly) {
  MetricFamily family = gauge("app_x", {}, {});
  family.help = "a \"quote\", a \\ and\na line";
  std::string text;
  render_header(family, Format::text, text);
  EXPECT_EQ(text, "# HELP app_x a \"quote\", a \\\\ and\\na line\n# TYPE app_x gauge\n");
  std::string openmetrics;
  render_header(family, Format::openmetrics, openmetrics);
  EXPECT_EQ(openmetrics, "# HELP app_x a \\\"quote\\\", a \\\\ and\\na line\n# TYPE app_x gauge\n");
}

TEST(RenderText, LabelValuesEscapeThreeCharactersAndKeepTheRest) {
  const MetricFamily family =
      gauge("app_x", {"l"}, {{{"back\\slash \"quote\"\nline\ttab \r Größe 📈 {a=\"b\"}, x"}, 1}});
  std::string text;
  render_samples(family, Format::text, text);
  EXPECT_EQ(
      text,
      "app_x{l=\"back\\\\slash \\\"quote\\\"\\nline\ttab \r Größe 📈 {a=\\\"b\\\"}, x\"} 1\n");
}

TEST(RenderText, EmptyHelpIsLeftOutAndFamilyWithoutSamplesKeepsItsHeader) {
  MetricFamily family = gauge("app_x", {}, {});
  family.help.clear();
  EXPECT_EQ(render({family}, Format::text), "# TYPE app_x gauge\n");
}

TEST(RenderText, EmptyPage) {
  EXPECT_EQ(render({}, Format::text), "");
  EXPECT_EQ(render({}, Format::openmetrics), "# EOF\n");
}

TEST(RenderText, NumbersReadBackEqualAndIgnoreTheLocale) {
  EXPECT_EQ(number(0), "0");
  EXPECT_EQ(number(-0.0), "-0");
  EXPECT_EQ(number(1.5), "1.5");
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(1e21), "1e+21");
  EXPECT_EQ(number(123456789), "123456789");
  EXPECT_EQ(number(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(number(-std::numeric_limits<double>::infinity()), "-Inf");
  EXPECT_EQ(number(std::nan("")), "NaN");
  EXPECT_EQ(number(-std::nan("")), "NaN");
  for (const double value : {5e-324, 1.7976931348623157e308, 9007199254740993.0, 1.0 / 3}) {
    double back = 0;
    const std::string text = number(value);
    std::from_chars(text.data(), text.data() + text.size(), back);
    EXPECT_EQ(back, value) << text;
  }
}

TEST(RenderText, ContentTypes) {
  EXPECT_EQ(content_type(Format::text), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(content_type(Format::openmetrics),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST(RenderText, ACounterWhoseNameIsTakenIsUnknownInOpenMetrics) {
  MetricFamily family;
  family.name = "usage_uses_total";
  family.help = "Uses.";
  family.type = MetricType::counter;
  family.samples = {{{}, 3}};
  family.created = Instant();
  family.unknown_in_openmetrics = true;
  EXPECT_EQ(render({family}, Format::text),
            "# HELP usage_uses_total Uses.\n# TYPE usage_uses_total counter\nusage_uses_total 3\n");
  EXPECT_EQ(render({family}, Format::openmetrics),
            "# HELP usage_uses_total Uses.\n# TYPE usage_uses_total unknown\nusage_uses_total 3\n"
            "# EOF\n");
}

}  // namespace
}  // namespace usage
