#include "exporter/exposition/openmetrics_history.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace usage {
namespace {

Instant at(int seconds) { return Instant(std::chrono::seconds(seconds)); }

MetricFamily uses() {
  MetricFamily family;
  family.name = "usage_uses";
  family.help = "Uses.";
  family.label_names = {"feature"};
  return family;
}

MetricFamily duration() {
  MetricFamily family;
  family.name = "usage_duration_seconds";
  family.unit = "seconds";
  family.type = MetricType::histogram;
  family.label_names = {"feature"};
  return family;
}

MetricFamily uses_of(std::vector<Sample> samples) {
  MetricFamily family = uses();
  family.samples = std::move(samples);
  return family;
}

MetricFamily durations_of(std::vector<HistogramSample> samples) {
  MetricFamily family = duration();
  family.bounds = {0.5};
  family.histograms = std::move(samples);
  return family;
}

std::string text_of(const HistoryText& history) {
  std::string text;
  history.write([&](std::string_view piece) { text += piece; });
  return text;
}

TEST(RenderHistory, EachSeriesIsInOnePiece) {
  HistoryText history({uses(), duration()});
  history.add(at(0), {uses_of({{{"a"}, 1}, {{"b"}, 2}})});
  history.add(at(60), {durations_of({{{"a"}, {1, 3}, 2.5}}), uses_of({{{"b"}, 2}, {{"a"}, 1.5}})});
  history.add(at(120), {uses_of({{{"b"}, 3}})});
  history.add(at(180), {uses_of({{{"a"}, 1.5}}), durations_of({{{"a"}, {1, 3}, 2.5}})});
  EXPECT_EQ(text_of(history), R"(# HELP usage_uses Uses.
# TYPE usage_uses gauge
usage_uses{feature="a"} 1 0
usage_uses{feature="a"} 1.5 60
usage_uses{feature="a"} 1.5 180
usage_uses{feature="b"} 2 0
usage_uses{feature="b"} 2 60
usage_uses{feature="b"} 3 120
# TYPE usage_duration_seconds histogram
# UNIT usage_duration_seconds seconds
usage_duration_seconds_bucket{feature="a",le="0.5"} 1 60
usage_duration_seconds_bucket{feature="a",le="+Inf"} 3 60
usage_duration_seconds_sum{feature="a"} 2.5 60
usage_duration_seconds_count{feature="a"} 3 60
usage_duration_seconds_bucket{feature="a",le="0.5"} 1 180
usage_duration_seconds_bucket{feature="a",le="+Inf"} 3 180
usage_duration_seconds_sum{feature="a"} 2.5 180
usage_duration_seconds_count{feature="a"} 3 180
# EOF
)");
  EXPECT_EQ(history.series(), 6U);
  EXPECT_EQ(history.samples(), 14U);
}

TEST(RenderHistory, LabelsThatEverySeriesGets) {
  HistoryText history({uses(), duration()}, {{"job", "usage"}, {"instance", "a\"b"}});
  history.add(at(0), {uses_of({{{"a"}, 1}}), durations_of({{{"a"}, {1, 3}, 2.5}})});
  const std::string text = text_of(history);
  EXPECT_NE(text.find("usage_uses{feature=\"a\",job=\"usage\",instance=\"a\\\"b\"} 1 0\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("_bucket{feature=\"a\",job=\"usage\",instance=\"a\\\"b\",le=\"0.5\"} 1 0\n"),
            std::string::npos)
      << text;
}

TEST(RenderHistory, WithoutPagesThereIsNothing) {
  EXPECT_EQ(text_of(HistoryText({uses()})), "# EOF\n");
}

TEST(RenderHistory, TimeRises) {
  HistoryText history({uses()});
  history.add(at(60), {});
  EXPECT_THROW(history.add(at(60), {}), std::logic_error);
}

}  // namespace
}  // namespace usage
