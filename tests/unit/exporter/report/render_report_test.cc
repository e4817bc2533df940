// A small report that was made up, in the three formats as they are in tests/golden/report.
// USAGE_UPDATE_GOLDEN=1 writes them anew; read the difference before you commit it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "exporter/base/timestamps.h"
#include "exporter/report/render_html.h"
#include "exporter/report/render_json.h"
#include "exporter/report/render_markdown.h"
#include "exporter/report/render_text.h"
#include "exporter/report/report_forms.h"
#include "tests/support/source_path.h"

namespace usage {
namespace {

using testing::HasSubstr;
using testing::Not;

const TargetMeasure* measure(std::string_view name) {
  for (const TargetMeasure& known : target_measures()) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

TargetReport target(std::string id, const char* measured, const Figure& figure,
                    std::optional<bool> met, std::string_view verdict) {
  TargetReport report;
  report.target.id = std::move(id);
  report.target.subject = "export";
  report.target.measure = measure(measured);
  report.target.threshold = 0.5;
  report.target.due = parse_rfc3339("2026-12-10").value();
  report.figure = figure;
  report.met = met;
  report.verdict = verdict;
  report.population = 30;
  return report;
}

Report made_up() {
  Report report;
  report.week = {2026, 53};
  report.timezone = "Asia/Kathmandu";
  report.window = {parse_rfc3339("2026-12-27T19:00:00Z").value(),
                   parse_rfc3339("2027-01-03T18:00:00Z").value()};
  for (unsigned week = 46; week <= 53; ++week) report.weeks.push_back({2026, week});
  report.product = {{"active_users", "Active people", Unit::count, {40, 50, 40}},
                    {"payback", "Of the investment paid back", Unit::ratio, {{}, {}, {}}}};
  ReportSubject feature{"export", "Export <b> & \"more\" | rest", {}, {}, {}, {}};
  feature.figures = {{"adoption", "Active people who used it", Unit::ratio, {0.25, 0.2, 0.255}},
                     {"users", "People", Unit::count, {10, 10, {}}},
                     {"uses", "Uses", Unit::count, {12, 0, 7.25}},
                     {"time_saved_hours", "Time saved", Unit::hours, {3, 4.5, 0}},
                     {"rating", "Rating, of 10", Unit::points, {{}, 8, {}}},
                     {"ttl_hours", "Mean lifetime", Unit::hours, {}}};
  feature.breakdowns = {
      {"format", {{"c_s*v", {9, 0, {}}}, {"png", {0, 0, {}}}, {"other", {3, {}, {}}}}},
      {"plan", {}}};
  feature.accesses = Breakdown{"viewer", {{"member", {5, 5, 5}}}};
  feature.weekly_uses = {std::nullopt, 0, 4, 8, 16, 5, 0, 12};
  report.features = {feature};
  report.combinations = {{"both",
                          "Export or share",
                          {{"adoption", "Active people who used them", Unit::ratio, {0.3, {}, {}}}},
                          {},
                          {},
                          {}}};
  report.tickets = {{"data", "Tickets: data", Unit::count, {4, 8, 8}},
                    {"data_reduction", "Fewer tickets", Unit::ratio, {-0.125, {}, {}}}};
  report.targets = {target("half", "adoption_tried", {0.5, 0.25, {}}, true, "met"),
                    target("paid", "payback", {}, std::nullopt, "cannot be told"),
                    target("few", "uses", {0, 1, {}}, false, "missed")};
  report.targets.back().population = 3;
  report.groups = {{"numbers",
                    {{"total", "export", "uses", ""},
                     {"format", "export", "", "format"},
                     {"plan", "export", "", "plan"},
                     {"rating", "export", "rating", ""},
                     {"active", "", "active_users", ""},
                     {"both", "both", "adoption", ""}}}};
  return report;
}

void compare(const std::string& text, const std::string& name) {
  const std::string path = source_path("tests/golden/report/") + name;
  if (std::getenv("USAGE_UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ostringstream golden;
  golden << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_EQ(text, golden.str()) << path;
}

TEST(RenderReport, Json) { compare(render_report_json(made_up()), "report.json"); }
TEST(RenderReport, Markdown) { compare(render_report_markdown(made_up()), "report.md"); }
TEST(RenderReport, Html) { compare(render_report_html(made_up()), "report.html"); }

TEST(RenderReport, TextOfTheConfigIsNeverMarkup) {
  EXPECT_THAT(render_report_html(made_up()), Not(HasSubstr("<b>")));
  EXPECT_THAT(render_report_markdown(made_up()), HasSubstr("Export \\<b\\> \\& \"more\" \\| rest"));
}

TEST(RenderReport, HtmlNeedsNothingFromOutside) {
  const std::string html = render_report_html(made_up());
  for (const char* outside : {"http:", "https:", "<script", "url(", "@import", "src="}) {
    EXPECT_THAT(html, Not(HasSubstr(outside)));
  }
}

TEST(RenderReport, TheHeadlineIsOfWhatIsKnown) {
  EXPECT_EQ(
      headline(made_up()),
      "Of 40 active people, 25.0 % used Export <b> & \"more\" | rest (+5.0 points on the week "
      "before). 1 of 3 targets are met.");
  Report report = made_up();
  report.targets.resize(1);
  report.features.front().title = "Export";
  report.features.front().figures.front().figure = {};  // adoption: nobody knows who uses it
  EXPECT_EQ(headline(report), "12 uses of Export (+12 on the week before). 1 of 1 targets is met.");
  report.features.front().figures.clear();
  EXPECT_EQ(headline(report), "No feature had been launched by the end of the week.");
}

TEST(RenderReport, NumbersAreWrittenInTheirUnit) {
  EXPECT_EQ(number_text(Unit::count, 88), "88");
  EXPECT_EQ(number_text(Unit::count, 7.25), "7.2");
  EXPECT_EQ(number_text(Unit::ratio, 0.5), "50.0 %");
  EXPECT_EQ(number_text(Unit::ratio, -0.125), "−12.5 %");
  EXPECT_EQ(number_text(Unit::hours, 1.5), "1.5 h");
  EXPECT_EQ(number_text(Unit::points, 8), "8.0");
}

TEST(RenderReport, ChangesSayPercentPointsOrDifference) {
  const auto change_of = [](Unit unit, double value, double before) {
    Report report;
    report.weeks = {{2026, 47}};
    report.tickets = {{"x", "x", unit, {value, before, {}}}};
    return sections(report).front().rows.front().week_before.by;
  };
  EXPECT_EQ(change_of(Unit::count, 12, 8), "+50 %");
  EXPECT_EQ(change_of(Unit::count, 8, 12), "−33 %");
  EXPECT_EQ(change_of(Unit::count, 8, 8), "±0 %");
  EXPECT_EQ(change_of(Unit::count, 3, 0), "+3");
  EXPECT_EQ(change_of(Unit::hours, 1.5, 0), "+1.5 h");
  EXPECT_EQ(change_of(Unit::ratio, 0.5, 0.25), "+25.0 points");
  EXPECT_EQ(change_of(Unit::ratio, 0.25, 0.2504), "±0 points");
  EXPECT_EQ(change_of(Unit::points, 7.5, 8), "−0.5");
}

}  // namespace
}  // namespace usage
