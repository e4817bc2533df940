#include "exporter/exposition/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "exporter/exposition/reserved_names.h"

namespace usage {
namespace {

using ::testing::HasSubstr;

MetricFamily family(std::string name, MetricType type = MetricType::gauge) {
  MetricFamily made;
  made.name = std::move(name);
  made.type = type;
  return made;
}

MetricProvider provider(std::string subject, Metrics families, bool coherent = false) {
  return {.id = subject,
          .title = subject,
          .about = "",
          .subject = subject,
          .coherent = coherent,
          .describe = [families = std::move(families)] { return families; }};
}

std::string clashes(const Registry& registry) {
  Problems problems;
  check_clashes(registry, problems);
  return problems.render();
}

TEST(Registry, FamiliesOfTwoProvidersMayNotShareAName) {
  const MetricProvider own = provider("a metric of the exporter itself", {family("a_b")}, true);
  EXPECT_EQ(clashes({own, provider("collector \"x\"", {family("a_c")})}), "");
  EXPECT_THAT(clashes({own, provider("collector \"x\"", {family("a_b")})}),
              HasSubstr("metric \"a_b\" of collector \"x\" clashes with a metric of the exporter "
                        "itself: both would write \"a_b\"; rename one"));
}

TEST(Registry, ThePartsOfAHistogramAreNamesToo) {
  const MetricProvider parts = provider("p", {family("t", MetricType::histogram)});
  for (const char* name : {"t_bucket", "t_sum", "t_count", "t"}) {
    EXPECT_THAT(clashes({parts, provider("q", {family(name)})}), HasSubstr("clashes")) << name;
  }
}

TEST(Registry, ACoherentProviderMayShareNamesWithinItself) {
  const Metrics both{family("uses"), family("uses_total", MetricType::counter)};
  EXPECT_EQ(clashes({provider("p", both, true)}), "");
  EXPECT_THAT(clashes({provider("p", both)}), HasSubstr("both would write \"uses\""));
}

TEST(Registry, DescribesAllAndCollectsFromThoseThatHaveSomethingToSay) {
  MetricProvider told = provider("told", {family("a"), family("b")});
  told.collect = [] { return Metrics{family("a")}; };
  const Registry registry{provider("silent", {family("c")}), told};
  EXPECT_EQ(describe(registry).size(), 3U);
  ASSERT_EQ(collect(registry).size(), 1U);
  EXPECT_EQ(collect(registry).front().name, "a");
}

TEST(ReservedNames, AreThoseOfTheExporterAndOfPrometheus) {
  for (const char* name : {"usage_exporter_x", "process_x", "up", "scrape_x", "ALERTS",
                           "ALERTS_FOR_STATE", "scrape_samples_scraped"}) {
    EXPECT_NE(why_reserved(family(name)), "") << name;
  }
  for (const char* name : {"upper", "up_total", "scrapes", "ALERTS_x", "usage_uses", "processes"}) {
    EXPECT_EQ(why_reserved(family(name)), "") << name;
  }
  EXPECT_NE(why_reserved(family("scrape", MetricType::histogram)), "");  // scrape_sum
  for (const std::string_view name : prometheus_series()) {
    EXPECT_THAT(why_reserved(family(std::string(name))), HasSubstr("Prometheus's own")) << name;
  }
}

TEST(Metric, FamiliesAreFoundByName) {
  Metrics families{family("a"), family("b")};
  EXPECT_EQ(&family_named(families, "b"), &families[1]);
  EXPECT_THROW(family_named(families, "c"), std::out_of_range);
}

}  // namespace
}  // namespace usage
