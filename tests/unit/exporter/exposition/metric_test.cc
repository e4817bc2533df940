#include "exporter/exposition/metric.h"

#include <gtest/gtest.h>

#include <limits>

#include "exporter/base/error.h"
#include "exporter/base/utf8.h"

namespace usage {
namespace {

MetricFamily gauge() {
  MetricFamily family;
  family.name = "exports";
  family.help = "Exports.";
  family.label_names = {"format", "team"};
  family.samples = {{{"csv", "a"}, 1}, {{"csv", "b"}, 2}};
  return family;
}

std::string complaint(const MetricFamily& family) {
  try {
    validate({family});
  } catch (const Error& error) {
    return std::string(to_string(error.reason())) + ": " + error.what();
  }
  return "";
}

TEST(Validate, AcceptsWhatIsFit) { EXPECT_EQ(complaint(gauge()), ""); }

TEST(Validate, FindsDuplicatesAndNamesTheLabelsOnly) {
  MetricFamily family = gauge();
  family.samples.push_back({{"csv", "a"}, 3});
  EXPECT_EQ(complaint(family),
            "duplicate: metric \"exports\": two samples have the same values of the labels "
            "(format, team); group the query by them, or set on_duplicate");
}

TEST(Validate, TellsApartLabelsThatJoinToTheSameText) {
  MetricFamily family = gauge();
  family.samples = {{{"a_b", "c"}, 1}, {{"a", "b_c"}, 2}, {{"", "x"}, 3}, {{"x", ""}, 4}};
  EXPECT_EQ(complaint(family), "");
}

TEST(Validate, RefusesWhatDoesNotFitTheWire) {
  MetricFamily family = gauge();
  family.samples[0].labels.pop_back();
  EXPECT_NE(complaint(family).find("1 labels where 2 are named"), std::string::npos);

  family = gauge();
  family.samples[0].labels[0] = "\xc3\x28";
  EXPECT_NE(complaint(family).find("label \"format\" is not UTF-8"), std::string::npos);

  family = gauge();
  family.name = "exports:rate";
  EXPECT_NE(complaint(family), "");

  family = gauge();
  family.label_names[0] = "__name__";
  EXPECT_NE(complaint(family), "");

  family = gauge();
  family.label_names[1] = "format";
  EXPECT_NE(complaint(family), "");
}

TEST(Validate, CountersAreFiniteAndNotNegative) {
  MetricFamily family = gauge();
  family.type = MetricType::counter;
  EXPECT_EQ(complaint(family), "");
  for (const double wrong :
       {-1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    family.samples[0].value = wrong;
    EXPECT_NE(complaint(family), "");
  }
}

TEST(Validate, BucketsAreCumulative) {
  MetricFamily family = gauge();
  family.type = MetricType::histogram;
  family.samples.clear();
  family.bounds = {1, 2};
  family.histograms = {{{"csv", "a"}, {1, 2, 3}, 4}};
  EXPECT_EQ(complaint(family), "");
  EXPECT_EQ(family.series_count(), 5U);
  family.histograms[0].bucket_counts = {3, 2, 3};
  EXPECT_NE(complaint(family), "");
  family.histograms[0].bucket_counts = {1, 2};
  EXPECT_NE(complaint(family), "");
}

TEST(Names, AreThoseOfTheDataModel) {
  EXPECT_TRUE(valid_metric_name("a_1"));
  EXPECT_FALSE(valid_metric_name("1a"));
  EXPECT_FALSE(valid_metric_name("a-b"));
  EXPECT_FALSE(valid_metric_name(""));
  EXPECT_TRUE(valid_label_name("_a"));
  EXPECT_FALSE(valid_label_name("__a"));
}

TEST(Utf8, AcceptsShortestFormsOnly) {
  EXPECT_TRUE(valid_utf8("aé€😀"));
  for (const char* wrong : {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                            "\xf8\x88\x80\x80\x80", "\xe2\x82", "\xc3"}) {
    EXPECT_FALSE(valid_utf8(wrong));
  }
}

}  // namespace
}  // namespace usage
