#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "collectors/measures/document.h"
#include "collectors/measures/evaluate.h"
#include "collectors/measures/measures.h"
#include "collectors/usage/usage.h"
#include "exporter/scheduling/own_providers.h"
#include "tests/support/source_path.h"

namespace usage {
namespace {

const std::string kPage = source_path("docs/METRICS.md");

TEST(MeasuresDocument, ThePageIsCurrent) {
  const std::string current = metrics_document(describe_reading(), own_providers());
  if (std::getenv("USAGE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(kPage) << current;
  }
  std::ostringstream page;
  page << std::ifstream(kPage).rdbuf();
  EXPECT_EQ(page.str(), current) << "run the tests with USAGE_UPDATE_GOLDEN=1";
}

FeatureShape everything() {
  FeatureShape shape;
  shape.name = "export";
  shape.has_users = shape.has_outcome = shape.has_scope = true;
  shape.dimensions = {"report_type"};
  shape.duration_bounds = shape.size_bounds = {1};
  return shape;
}

std::set<std::string> names(const Metrics& metrics) {
  std::set<std::string> found;
  for (const MetricFamily& family : metrics) found.insert(family.name);
  return found;
}

TEST(MeasuresDocument, NoTwoFamiliesHaveTheSameNameInOpenMetrics) {
  std::set<std::string> names;
  std::size_t shared = 0;
  for (const MetricFamily& family : describe_measures({everything()}, true)) {
    const bool unknown = family.unknown_in_openmetrics;
    EXPECT_TRUE(names.insert(unknown ? family.name : std::string(base_name(family))).second)
        << family.name;
    shared += family.unknown_in_openmetrics ? 1 : 0;
  }
  EXPECT_GT(shared, 0U);  // usage_uses_total beside usage_uses, for one
}

TEST(MeasuresDocument, NoFamilyOfFeaturesIsOneOfTheExportersOwn) {
  const MetricProvider features{.id = "",
                                .title = "",
                                .about = "",
                                .subject = "the metrics of \"features\"",
                                .coherent = true,
                                .describe = describe_everything};
  Registry everything = own_providers();
  everything.push_back(features);
  Problems problems;
  check_clashes(everything, problems);
  EXPECT_EQ(problems.render(), "");
}

TEST(MeasuresDocument, DescribedFamiliesAreFitForTheWire) {
  const Metrics all = describe_measures({everything()}, true);
  EXPECT_NO_THROW(validate(all));
  EXPECT_EQ(all.size(), measures().size());
  EXPECT_EQ(names(all).size(), all.size());
  for (const MetricFamily& family : all) {
    EXPECT_TRUE(family.name.starts_with("usage_")) << family.name;
    EXPECT_EQ(family.type == MetricType::counter, family.name.ends_with("_total")) << family.name;
    EXPECT_EQ(family.type == MetricType::info, family.name.ends_with("_info")) << family.name;
    EXPECT_TRUE(family.unit.empty() || family.name.ends_with("_" + family.unit)) << family.name;
    EXPECT_THAT(family.help, testing::HasSubstr("Cached")) << family.name;
    if (family.unit == "ratio" && !family.name.ends_with("stickiness_ratio") &&
        family.name != "usage_retention_activity_ratio") {
      EXPECT_THAT(family.help, testing::HasSubstr(" / ")) << family.name;
    }
  }
}

TEST(MeasuresDocument, ARatioIsDividedFromMeasuresWithLabelsOfItsOwn) {
  int ratios = 0;
  for (const Measure& ratio : measures()) {
    if (ratio.parts.numerator.empty()) continue;
    ++ratios;
    EXPECT_EQ(ratio.unit, "ratio") << ratio.name;
    for (const std::string_view name : {ratio.parts.numerator, ratio.parts.denominator}) {
      const auto part = std::ranges::find(measures(), name, &Measure::name);
      ASSERT_NE(part, measures().end()) << ratio.name << " is divided from " << name;
      for (const std::string_view label : part->labels) {
        const bool fixed = label == "window" && !ratio.parts.window.empty();
        EXPECT_TRUE(fixed || std::ranges::count(ratio.labels, label) > 0) << name << " " << label;
      }
    }
  }
  EXPECT_GE(ratios, 10);
}

TEST(MeasuresDocument, OnlyWhatAFeatureCanHaveIsDescribed) {
  FeatureShape plain;
  plain.name = "export";
  const std::set<std::string> found = names(describe_measures({plain}, false));
  EXPECT_TRUE(found.contains("usage_uses"));
  for (const char* missing :
       {"usage_failures", "usage_feature_users", "usage_scopes", "usage_dimension_uses",
        "usage_operation_duration_seconds", "usage_active_users", "usage_recurring_workflows"}) {
    EXPECT_FALSE(found.contains(missing)) << missing;
  }
}

}  // namespace
}  // namespace usage
