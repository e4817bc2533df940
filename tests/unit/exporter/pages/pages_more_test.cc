// /targets, /definitions and /config.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/base/timestamps.h"
#include "exporter/pages/config.h"
#include "exporter/pages/definitions.h"
#include "exporter/pages/targets.h"

namespace usage {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using testing::HasSubstr;
using testing::Not;

const Instant kNow = *parse_rfc3339("2026-11-25T08:00:00Z");
const PageLinks kLinks{"/metrics", true};

TargetStatus status(std::string id, TargetState state, Instant due) {
  TargetStatus made;
  made.target.id = std::move(id);
  made.target.subject = "export";
  made.target.measure = target_measures().data();  // adoption
  made.target.threshold = 0.5;
  made.target.due = due;
  made.target.min_population = 20;
  made.state = state;
  made.population = 106;
  return made;
}

JobStatus job(JobState state) {
  JobStatus status;
  status.collector = "usage";
  status.source = "app";
  status.state = state;
  status.error_reason = Reason::unavailable;
  return status;
}

std::string targets(const TargetBoard& board, JobState state = JobState::healthy) {
  return *targets_page(&board, {job(state)}, kNow, kLinks).body.at(0);
}

TEST(TargetsPage, SaysWhatEachTargetIsAndWhere) {
  TargetStatus one = status("half", TargetState::behind_pace, kNow + days(12));
  one.target.strict = true;
  one.target.phase = "month_1";
  one.target.owner = "<Ann>";
  one.target.stretch = 0.6;
  one.target.window = Window{"7d", days(7)};
  one.measured = Measured{0.4622, 49, 106};
  one.lower_bound = 0.37;
  one.elapsed = 0.6;
  one.expected = 0.3;
  one.heading_for = 0.481;
  one.first_met = kNow - days(9);
  const std::string text = targets({kNow - minutes(2), {one}});
  for (const char* said :
       {"<tbody id=\"target-half\">",
        "<a href=\"/definitions#usage_adoption_ratio\">adoption/7d</a>", "of export, month_<wbr>1",
        "owner &lt;Ann&gt;", "1 behind pace", ">behind pace</span>",
        "46.2 %<small>49 of 106</small>", "&gt; 50.0 %", "stretch 60.0 %", ">2026-12-07</time>",
        ">in 12d</time>", "30.0 %<small>60 % of the time gone", ">48.1 %</span>",
        ">106<small>surely 37.0 %</small>", "first met <time datetime=\"2026-11-16T08:00:00Z\"",
        "2m ago"}) {
    EXPECT_THAT(text, HasSubstr(said));
  }
  EXPECT_THAT(text, Not(HasSubstr("class=\"notice\"")));
}

TEST(TargetsPage, WhatNeedsALookComesFirst) {
  const std::string text =
      targets({kNow,
               {status("a", TargetState::met, kNow), status("b", TargetState::unknown, kNow),
                status("c", TargetState::missed, kNow - days(1)),
                status("d", TargetState::missed, kNow - days(2)),
                status("e", TargetState::on_track, kNow + days(1)),
                status("f", TargetState::behind_pace, kNow + days(1))}});
  std::string order;
  for (std::size_t at = 0; (at = text.find("id=\"target-", at)) != std::string::npos; ++at) {
    order += text[at + 11];
  }
  EXPECT_EQ(order, "dcfbea");
  EXPECT_THAT(text, HasSubstr("2 missed"));
  EXPECT_THAT(text, HasSubstr(">no value</span>"));
}

TEST(TargetsPage, WhatIsNotKnownIsADash) {
  TargetStatus one = status("paid", TargetState::unknown, kNow - days(1));
  one.population = 3;
  const std::string text = targets({kNow, {one}});
  EXPECT_THAT(text, HasSubstr("data-label=\"Value\" class=\"number\"><span>–</span>"));
  EXPECT_THAT(text, HasSubstr("data-label=\"On pace\" class=\"number\"><span>–</span>"));
  EXPECT_THAT(text, HasSubstr("too few: no alert below 20"));
}

TEST(TargetsPage, SaysWhenTheNumbersCannotBeTrusted) {
  const TargetBoard board{kNow - minutes(20), {status("a", TargetState::met, kNow)}};
  EXPECT_THAT(targets(board, JobState::failing), HasSubstr("those of the last success"));
  EXPECT_THAT(targets(board, JobState::stale), HasSubstr("no longer on the page of the metrics"));
  EXPECT_THAT(*targets_page(nullptr, {job(JobState::starting)}, kNow, kLinks).body.at(0),
              HasSubstr("No verdict yet"));
  EXPECT_THAT(targets({kNow, {}}), HasSubstr("No targets are configured"));
}

MetricFamily family(std::string name, std::string help) {
  MetricFamily made;
  made.name = std::move(name);
  made.help = std::move(help);
  made.label_names = {"format"};
  return made;
}

TEST(DefinitionsPage, EachSeriesIsAnAnchorOnce) {
  const DefinitionGroup one{"collector-one",
                            "Collector one",
                            "From app.",
                            {family("app_n", "Less < more."), family("app_m", "M.")},
                            {"app_m"}};
  const DefinitionGroup two{"collector-two", "Collector two", "", {family("app_n", "Again.")}, {}};
  const std::string text = *definitions_page({one, two}, {"/metrics", false}).body.at(0);
  EXPECT_THAT(text, HasSubstr("<tbody id=\"app_n\">"));
  EXPECT_EQ(text.find("id=\"app_n\""), text.rfind("id=\"app_n\""));
  EXPECT_THAT(text, HasSubstr("Less &lt; more.</span>"));
  EXPECT_THAT(text, HasSubstr("M.<small>No series now.</small>"));
  EXPECT_THAT(text, HasSubstr("<section id=\"collector-two\">"));
  EXPECT_THAT(text, HasSubstr("<code>format</code>"));
  EXPECT_THAT(text, Not(HasSubstr("What holds for all numbers")));
}

TEST(DefinitionsPage, HasTheConventionsOfTheDocument) {
  const std::string text = *definitions_page({}, kLinks).body.at(0);
  EXPECT_THAT(text, HasSubstr("<li><strong>A use</strong> is a row with a success."));
  EXPECT_THAT(text, HasSubstr("<code>privacy.k_anonymity</code>"));
  EXPECT_THAT(text, Not(HasSubstr("**")));
}

TEST(ConfigPage, ShowsTheTextEscaped) {
  const std::string text = *config_page("/etc/x.yml", "a: \"<b>\"\n", kLinks).body.at(0);
  EXPECT_THAT(text, HasSubstr("<pre><code>a: &quot;&lt;b&gt;&quot;\n</code></pre>"));
  EXPECT_THAT(text, HasSubstr("/etc/x.yml"));
  EXPECT_THAT(text, HasSubstr("<a href=\"/config\" aria-current=\"page\">Config</a>"));
}

}  // namespace
}  // namespace usage
