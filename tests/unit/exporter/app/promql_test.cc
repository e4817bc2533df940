#include "exporter/app/promql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace usage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Promql, NamesWhatIsSelected) {
  EXPECT_THAT(metrics_of("a"), ElementsAre("a"));
  EXPECT_THAT(metrics_of("rate(a_total{x=\"b\",y=~'c|}'}[5m] offset 2d) / b > bool 0.5e3"),
              ElementsAre("a_total", "b"));
  EXPECT_THAT(metrics_of("job:a:sum5m"), ElementsAre("job:a:sum5m"));
}

TEST(Promql, NamesNoLabelFunctionOrWord) {
  EXPECT_THAT(metrics_of("sum by (x, y) (a) / on (job, z) group_left (owner) b"),
              ElementsAre("a", "b"));
  EXPECT_THAT(metrics_of("sum(a) without(x)"), ElementsAre("a"));
  EXPECT_THAT(metrics_of("a * on(x) group_left b unless on (x) c or d and ignoring(y) e"),
              ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(metrics_of("time() - inf + NaN"), IsEmpty());
  EXPECT_THAT(metrics_of("topk(3, a) > (b @ end())"), ElementsAre("a", "b"));
}

TEST(Promql, PassesOverCommentsTextsAndVariables) {
  EXPECT_THAT(metrics_of("# not this\na # nor this"), ElementsAre("a"));
  EXPECT_THAT(metrics_of("label_replace(a, \"x\", \"$1\", 'y', \"(.*)\\\"z\")"), ElementsAre("a"));
  EXPECT_THAT(metrics_of("rate(a[$__rate_interval]) > $limit"), ElementsAre("a"));
}

TEST(Promql, EndsWhateverTheText) {
  EXPECT_THAT(metrics_of("a{"), ElementsAre("a"));
  EXPECT_THAT(metrics_of("\"a"), IsEmpty());
  EXPECT_THAT(metrics_of("by ("), IsEmpty());
  EXPECT_THAT(metrics_of("\"\\"), IsEmpty());
}

}  // namespace
}  // namespace usage
