#include "exporter/app/rules_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "exporter/base/error.h"
#include "tests/support/temporary_folder.h"

namespace usage {
namespace {

using ::testing::HasSubstr;

MetricFamily family(const std::string& name, MetricType type) {
  MetricFamily made;
  made.name = name;
  made.type = type;
  return made;
}

class RulesCheck : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.file(name)) << text;
    return folder_.file(name);
  }
  std::string wrong(const std::string& pattern) {
    Problems problems;
    expressions_ = check_rules({pattern}, metrics_, problems);
    return problems.render();
  }

  testing::TemporaryFolder folder_;
  std::size_t expressions_ = 0;
  const Metrics metrics_{family("usage_uses", MetricType::gauge),
                         family("usage_seconds", MetricType::histogram)};
};

TEST_F(RulesCheck, EveryMetricOfARuleExists) {
  write("a.rules.yml",
        "groups:\n- name: g\n  rules:\n"
        "  - {record: 'usage:twice', expr: usage_uses * 2}\n"
        "  - {alert: A, expr: 'usage:twice > rate(usage_seconds_count[5m]) and up'}\n");
  EXPECT_EQ(wrong(folder_.file("*.yml")), "");
  EXPECT_EQ(expressions_, 2);
}

TEST_F(RulesCheck, AnUnknownMetricIsNamedInItsPlace) {
  const std::string path =
      write("a.rules.yml", "groups:\n- rules:\n  - {alert: A, expr: usage_usse > 1}\n");
  const std::string report = wrong(path);
  EXPECT_THAT(report, HasSubstr(path + ":3:22: the metric \"usage_usse\" is published by "
                                       "nothing; did you mean \"usage_uses\"?"));
}

TEST_F(RulesCheck, DashboardsToo) {
  const std::string good = R"json({"panels": [{"title": "${name}", "targets": [
    {"expr": "usage_uses{feature=\"$feature\"}"},
    {"expr": "sum(usage_seconds_bucket) by (le)"}]}]})json";
  EXPECT_EQ(wrong(write("good.json", good)), "");
  EXPECT_EQ(expressions_, 2);
  EXPECT_THAT(wrong(write("bad.json", R"json({"panels": [{"panels": [{"targets": [
    {"expr": "usage_seconds_buckets"}]}]}]})json")),
              HasSubstr("\"usage_seconds_buckets\" is published by nothing"));
}

TEST_F(RulesCheck, APatternWithoutFilesIsAMistake) {
  Problems problems;
  EXPECT_THROW(check_rules({folder_.file("*.yml")}, metrics_, problems), Error);
}

}  // namespace
}  // namespace usage
