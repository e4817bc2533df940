#include "exporter/exposition/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/inflate.h"

namespace usage {
namespace {

MetricFamily family(std::string name, std::vector<Sample> samples) {
  MetricFamily result;
  result.name = std::move(name);
  result.help = "Help.";
  result.label_names = {"db"};
  result.samples = std::move(samples);
  return result;
}

std::string joined(const SharedBuffers& pieces) {
  std::string text;
  for (const auto& piece : pieces) {
    text += *piece;
  }
  return text;
}

std::string page(const Publisher& publisher, Format format = Format::text) {
  return joined(publisher.snapshot()->text(format));
}

const Publisher::Key kA{"a", "one"};
const Publisher::Key kB{"b", "one"};

TEST(Publisher, EmptyAtFirst) {
  const Publisher publisher;
  EXPECT_EQ(page(publisher), "");
  EXPECT_EQ(page(publisher, Format::openmetrics), "");
}

TEST(Publisher, FamiliesStandByNameAndShareOneHeader) {
  Publisher publisher;
  publisher.replace(kB, {family("app_y", {{{"b"}, 2}}), family("app_x", {{{"b"}, 1}})});
  publisher.replace(kA, {family("app_y", {{{"a"}, 3}})});
  EXPECT_EQ(page(publisher),
            "# HELP app_x Help.\n# TYPE app_x gauge\napp_x{db=\"b\"} 1\n"
            "# HELP app_y Help.\n# TYPE app_y gauge\napp_y{db=\"a\"} 3\napp_y{db=\"b\"} 2\n");
}

TEST(Publisher, ReplacingTakesAwayWhatIsNoLongerThere) {
  Publisher publisher;
  publisher.replace(kA, {family("app_x", {{{"1"}, 1}}), family("app_y", {{{"1"}, 1}})});
  publisher.replace(kA, {family("app_x", {{{"2"}, 1}})});
  EXPECT_EQ(page(publisher), "# HELP app_x Help.\n# TYPE app_x gauge\napp_x{db=\"2\"} 1\n");
  publisher.replace(kA, {});
  EXPECT_EQ(page(publisher), "");
}

TEST(Publisher, DropLeavesTheOthers) {
  Publisher publisher;
  publisher.replace(kA, {family("app_x", {{{"a"}, 1}})});
  publisher.replace(kB, {family("app_x", {{{"b"}, 1}})});
  publisher.drop({"unknown", "one"});
  publisher.drop(kA);
  EXPECT_EQ(page(publisher), "# HELP app_x Help.\n# TYPE app_x gauge\napp_x{db=\"b\"} 1\n");
}

TEST(Publisher, ASnapshotStaysAsItWas) {
  Publisher publisher;
  publisher.replace(kA, {family("app_x", {{{"old"}, 1}})});
  const auto before = publisher.snapshot();
  publisher.replace(kA, {family("app_x", {{{"new"}, 1}})});
  EXPECT_THAT(joined(before->text(Format::text)), testing::HasSubstr("old"));
  EXPECT_THAT(page(publisher), testing::HasSubstr("new"));
}

TEST(Publisher, OpenMetricsHasItsOwnHeadersAndCreatedLines) {
  Publisher publisher;
  MetricFamily counter = family("app_exports_total", {{{"a"}, 4}});
  counter.type = MetricType::counter;
  counter.created = Instant(std::chrono::seconds(2));
  publisher.replace(kA, {counter});
  EXPECT_EQ(page(publisher),
            "# HELP app_exports_total Help.\n# TYPE app_exports_total counter\n"
            "app_exports_total{db=\"a\"} 4\n");
  EXPECT_EQ(page(publisher, Format::openmetrics),
            "# HELP app_exports Help.\n# TYPE app_exports counter\n"
            "app_exports_total{db=\"a\"} 4\napp_exports_created{db=\"a\"} 2\n");
}

TEST(Publisher, TwoFamiliesOfOneNameInOneJobBothCount) {
  Publisher publisher;
  publisher.replace(kA, {family("app_x", {{{"1"}, 1}}), family("app_x", {{{"2"}, 1}})});
  EXPECT_EQ(page(publisher),
            "# HELP app_x Help.\n# TYPE app_x gauge\napp_x{db=\"1\"} 1\napp_x{db=\"2\"} 1\n");
}

Metrics large(std::size_t families, std::size_t samples) {
  Metrics metrics;
  for (std::size_t f = 0; f < families; ++f) {
    MetricFamily one = family("app_f" + std::to_string(f), {});
    for (std::size_t s = 0; s < samples; ++s) {
      one.samples.push_back({{"row " + std::to_string(s)}, static_cast<double>(s)});
    }
    metrics.push_back(one);
  }
  std::sort(metrics.begin(), metrics.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return metrics;
}

TEST(Publisher, LargeBlocksAreSharedBetweenFormatsAndSnapshots) {
  Publisher publisher;
  publisher.replace(kA, large(1, 10'000));
  const auto first = publisher.snapshot();
  publisher.replace(kB, {family("app_z", {{{"b"}, 1}})});
  const auto second = publisher.snapshot();
  const auto& text = first->text(Format::text);
  ASSERT_EQ(text.size(), 2U);  // header and block
  EXPECT_EQ(text[1].get(), first->text(Format::openmetrics)[1].get());
  EXPECT_EQ(text[1].get(), second->text(Format::text)[1].get());
  EXPECT_EQ(joined(text), render(large(1, 10'000), Format::text));
}

TEST(Publisher, ManySmallFamiliesAreFewPieces) {
  Publisher publisher;
  const Metrics metrics = large(2'000, 20);
  publisher.replace(kA, metrics);
  EXPECT_LT(publisher.snapshot()->text(Format::text).size(), 10U);
  EXPECT_EQ(page(publisher), render(metrics, Format::text));
}

TEST(Publisher, CompressedOnceWhoeverAsks) {
  Publisher publisher;
  publisher.replace(kA, large(3, 5'000));
  const auto snapshot = publisher.snapshot();
  std::vector<const GzipStart*> seen(8);
  {
    std::vector<std::jthread> threads;
    for (auto& slot : seen) {
      threads.emplace_back([&] { slot = &snapshot->compressed(Format::text); });
    }
  }
  EXPECT_THAT(seen, testing::Each(seen.front()));
  EXPECT_EQ(inflate_gzip(seen.front()->bytes + gzip_finish(*seen.front(), "")),
            render(large(3, 5'000), Format::text));
}

TEST(Publisher, ReadersSeeWholeSetsWhileWritersReplace) {
  Publisher publisher;
  publisher.replace(kA, large(1, 100));
  std::jthread writer([&](const std::stop_token& stop) {
    for (std::size_t i = 0; !stop.stop_requested(); ++i) {
      publisher.replace(kA, large(1, i % 2 == 0 ? 100 : 200));
    }
  });
  const std::string small = render(large(1, 100), Format::text);
  const std::string big = render(large(1, 200), Format::text);
  for (int i = 0; i < 2'000; ++i) {
    EXPECT_THAT(page(publisher), testing::AnyOf(small, big));
  }
}

}  // namespace
}  // namespace usage
