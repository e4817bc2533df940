#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "exporter/base/timestamps.h"
#include "exporter/pages/landing.h"

namespace usage {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

const Instant kNow = *parse_rfc3339("2026-11-25T08:00:00Z");
const PageLinks kLinks{"/metrics", false};
const PageLinks kAllLinks{"/metrics", true};

JobStatus job() {
  JobStatus status;
  status.collector = "exports";
  status.kind = "sql";
  status.source = "product";
  status.schedule = "every 1m";
  return status;
}

std::string page(const std::vector<JobStatus>& jobs) {
  return *landing_page(jobs, kNow, kLinks).body.at(0);
}

std::string header(const HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) {
      return value;
    }
  }
  return "";
}

TEST(LandingPage, AHealthyCollector) {
  JobStatus status = job();
  status.state = JobState::healthy;
  status.last_success = kNow - 90s;
  status.last_duration = 1234567us;
  status.rows = 1200;
  status.series = 34;
  status.next_run = kNow + 30s;
  const std::string text = page({status});
  EXPECT_THAT(text, HasSubstr("1 of 1 collector is healthy."));
  EXPECT_THAT(text, HasSubstr("<span class=\"state healthy\">healthy</span>"));
  EXPECT_THAT(text, HasSubstr("<time datetime=\"2026-11-25T07:58:30Z\" "
                              "title=\"2026-11-25T07:58:30Z\">1m30s ago</time>"));
  EXPECT_THAT(text, HasSubstr(">1s234ms</span></td>"));
  EXPECT_THAT(text, HasSubstr(">1200</span></td>"));
  EXPECT_THAT(text, HasSubstr(">34</span></td>"));
  EXPECT_THAT(text, HasSubstr(">in 30s</time>"));
  EXPECT_THAT(text, Not(HasSubstr("class=\"note\"")));
}

TEST(LandingPage, AFailingCollectorSaysWhy) {
  JobStatus status = job();
  status.state = JobState::stale;
  status.last_attempt = kNow - 5s;
  status.last_success = kNow - 25h - 90s;
  status.error_reason = Reason::unavailable;
  status.error = "connection refused";
  const std::string text = page({status});
  EXPECT_THAT(text, HasSubstr("0 of 1 collector is healthy."));
  EXPECT_THAT(text, HasSubstr("unavailable:</strong> connection refused"));
  EXPECT_THAT(text, HasSubstr(">1d1h ago</time>"));
  EXPECT_THAT(text, HasSubstr("tried <time"));
}

TEST(LandingPage, WhatIsNotKnownYetIsADash) {
  JobStatus status = job();
  status.running = true;
  const std::string text = page({status, status});
  EXPECT_THAT(text, HasSubstr("0 of 2 collectors are healthy."));
  EXPECT_THAT(text, HasSubstr("<small>running</small>"));
  EXPECT_THAT(text, HasSubstr("data-label=\"Last success\"><span>–</span></td>"));
}

TEST(LandingPage, ClocksThatWentBackLookSane) {
  JobStatus status = job();
  status.last_success = kNow + 10min;
  status.next_run = kNow - 10min;
  const std::string text = page({status});
  EXPECT_THAT(text, HasSubstr(">just now</time>"));
  EXPECT_THAT(text, HasSubstr(">now</time>"));
}

TEST(LandingPage, NothingConfigured) {
  EXPECT_THAT(page({}), HasSubstr("No collector is configured."));
  EXPECT_THAT(page({}), Not(HasSubstr("<table")));
}

TEST(LandingPage, EveryTextIsEscaped) {
  JobStatus status = job();
  const std::string hostile = "<script>\"'&";
  status.collector = status.kind = status.source = status.schedule = status.error = hostile;
  status.error_reason = Reason::query;
  const std::string text = *landing_page({status}, kNow, {"/m\"><script>", false}).body.at(0);
  EXPECT_THAT(text, Not(HasSubstr("<script")));
  EXPECT_THAT(text, HasSubstr("&lt;script&gt;&quot;&#39;&amp;"));
  EXPECT_THAT(text, HasSubstr("href=\"/m&quot;&gt;&lt;script&gt;\""));
}

TEST(LandingPage, HeadersForbidEverythingElse) {
  const HttpResponse response = landing_page({}, kNow, kLinks);
  EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(header(response, "Content-Security-Policy"), HasSubstr("default-src 'none'; "));
  EXPECT_THAT(header(response, "Content-Security-Policy"), Not(HasSubstr("unsafe")));
  EXPECT_EQ(header(response, "Referrer-Policy"), "no-referrer");
}

TEST(LandingPage, LinksToTheReportWhereThereIsOne) {
  EXPECT_THAT(*landing_page({}, kNow, kAllLinks).body.at(0),
              HasSubstr("<a href=\"/report\">Weekly report</a>"));
  EXPECT_THAT(*landing_page({}, kNow, kLinks).body.at(0), Not(HasSubstr("/report")));
}

// A browser ignores the style sheet unless its hash is the one in the header.
TEST(LandingPage, TheHashIsThatOfTheStyle) {
  const HttpResponse response = landing_page({}, kNow, kLinks);
  const std::string& text = *response.body.at(0);
  const auto begin = text.find("<style>") + 7;
  const std::string file = testing::TempDir() + "usage_style.css";
  std::ofstream(file) << text.substr(begin, text.find("</style>") - begin);
  const std::string command =
      "/usr/bin/python3 -c 'import base64,hashlib,sys;print(base64.b64encode(hashlib.sha256("
      "open(sys.argv[1],\"rb\").read()).digest()).decode(),end=\"\")' " +
      file;
  std::FILE* const pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string hash(128, ' ');
  hash.resize(std::fread(hash.data(), 1, hash.size(), pipe));
  pclose(pipe);
  EXPECT_THAT(header(response, "Content-Security-Policy"),
              HasSubstr("style-src 'sha256-" + hash + "'"));
}

}  // namespace
}  // namespace usage
