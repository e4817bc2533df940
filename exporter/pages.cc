#include "exporter/pages.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "exporter/format.h"
#include "exporter/html.h"
#include "exporter/page_response.h"
#include "exporter/version.h"

namespace usage {

namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--text:#1c2024;--soft:#5c6570;--line:#d9dee3;--back:#fff;--band:#f5f7f9;
--good:#17703a;--bad:#b3261e;--warn:#8a5a00;--idle:#4a5a6a;--link:#0b57d0}
@media(prefers-color-scheme:dark){:root{--text:#e6e9ec;--soft:#9aa5b1;--line:#343b43;--back:#15181c;
--band:#1c2126;--good:#6fd08c;--bad:#ff8a80;--warn:#f0b95a;--idle:#a9b8c7;--link:#8ab4f8}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.5rem;max-width:80rem;background:var(--back);color:var(--text);
font:1rem/1.5 system-ui,sans-serif}
h1{margin:0;font-size:1.6rem}
p{margin:.25rem 0;color:var(--soft)}
a{color:var(--link)}
nav{margin:1rem 0 1.5rem;display:flex;flex-wrap:wrap;gap:.5rem 1.5rem}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;font-size:1.1rem;padding:1rem 0 .5rem}
th,td{padding:.5rem .75rem;text-align:left;vertical-align:top}
thead th{font-size:.85rem;color:var(--soft);border-bottom:2px solid var(--line);white-space:nowrap}
tbody{border-bottom:1px solid var(--line)}
tbody:hover{background:var(--band)}
tbody th{font-weight:600}
tbody th,tbody td{overflow-wrap:anywhere}
tbody .number{white-space:nowrap}
.number{text-align:right}
small{display:block;color:var(--soft);font-weight:400}
time{white-space:nowrap}
.state{font-weight:600;white-space:nowrap}
.state::before{content:"";display:inline-block;width:.6em;height:.6em;margin-right:.5em;
border-radius:50%;background:currentColor}
.healthy{color:var(--good)}.failing{color:var(--warn)}.stale{color:var(--bad)}.starting{color:var(--idle)}
.error td{padding-top:0;overflow-wrap:anywhere;color:var(--bad)}
@media(max-width:50rem){body{padding:1rem}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,caption,tbody,tr,th,td{display:block}
tbody{padding:.75rem 0}
th,td,.error td{padding:.15rem 0}
td[data-label]{display:flex;justify-content:space-between;gap:1rem;text-align:right}
td[data-label]::before{content:attr(data-label);color:var(--soft);text-align:left}}
)";

// Of kStyle; a test computes it anew.
constexpr std::string_view kStyleHash = "sha256-F8sSl0WjqNmBq+f53fOHzsbBTJPvg5gLACZbSJuslwI=";

constexpr std::array kColumns{"Collector", "Source", "State",  "Schedule", "Last success",
                              "Took",      "Rows",   "Series", "Next run"};
constexpr std::string_view kNothing = "–";

// The two largest units: "3d4h", "45s", "12ms". More would only flicker.
std::string rough(Duration duration) {
  // Each unit, and from which length on what is smaller than it is left out.
  constexpr std::array<std::pair<Duration, Duration>, 4> kUnits{
      {{std::chrono::hours(1), std::chrono::days(1)},
       {std::chrono::minutes(1), std::chrono::hours(1)},
       {std::chrono::seconds(1), std::chrono::seconds(10)},
       {std::chrono::milliseconds(1), std::chrono::milliseconds(1)}}};
  for (const auto& [unit, from] : kUnits) {
    if (duration >= from) {
      return format_duration(duration - duration % unit);
    }
  }
  return "<1ms";
}

std::string time_element(Instant instant, const std::string& text) {
  const std::string exact = format_rfc3339(std::chrono::floor<std::chrono::seconds>(instant));
  return format("<time datetime=\"{0}\" title=\"{0}\">{1}</time>", exact, text);
}

// A wall clock may have gone back meanwhile: then "just now".
std::string ago(Instant instant, Instant now) {
  const Duration age = now - instant;
  return time_element(instant, age < std::chrono::seconds(1)
                                   ? "just now"
                                   : rough(std::chrono::floor<std::chrono::seconds>(age)) + " ago");
}

std::string until(Instant instant, Instant now) {
  const Duration left = instant - now;
  return time_element(instant, left < std::chrono::seconds(1)
                                   ? "now"
                                   : "in " + rough(std::chrono::floor<std::chrono::seconds>(left)));
}

std::string state_cell(const JobStatus& job, Instant now) {
  std::string detail;
  if (job.running) {
    detail = "running";
  } else if (job.state != JobState::healthy && job.last_attempt) {
    detail = "tried " + ago(*job.last_attempt, now);
  }
  return format("<span class=\"state {0}\">{0}</span>{1}", to_string(job.state),
                detail.empty() ? "" : "<small>" + detail + "</small>");
}

std::string job_rows(const JobStatus& job, Instant now) {
  std::string rows = format("<tbody>\n<tr><th scope=\"row\">{}<small>{}</small></th>",
                            breakable_html(job.collector), escape_html(job.kind));
  std::size_t column = 1;
  const auto cell = [&](std::string_view content, bool number = false) {
    rows += format("<td data-label=\"{}\"{}>{}</td>", kColumns.at(column++),
                   number ? " class=\"number\"" : "", content);
  };
  cell(breakable_html(job.source));
  // A flex box would part the state from its detail.
  cell("<span>" + state_cell(job, now) + "</span>");
  cell(escape_html(job.schedule));
  cell(job.last_success ? ago(*job.last_success, now) : std::string(kNothing));
  cell(job.last_duration ? escape_html(rough(*job.last_duration)) : std::string(kNothing), true);
  cell(job.last_success ? std::to_string(job.rows) : std::string(kNothing), true);
  cell(job.last_success ? std::to_string(job.series) : std::string(kNothing), true);
  cell(job.next_run ? until(*job.next_run, now) : std::string(kNothing));
  rows += "</tr>\n";
  if (job.error_reason) {
    rows += format("<tr class=\"error\"><td colspan=\"{}\"><strong>{}:</strong> {}</td></tr>\n",
                   kColumns.size(), to_string(*job.error_reason), escape_html(job.error));
  }
  return rows + "</tbody>\n";
}

std::string summary(const std::vector<JobStatus>& jobs) {
  if (jobs.empty()) {
    return "No collector is configured.";
  }
  const auto healthy = std::count_if(jobs.begin(), jobs.end(), [](const JobStatus& job) {
    return job.state == JobState::healthy;
  });
  return format("{} of {} {} healthy.", healthy, jobs.size(),
                jobs.size() == 1 ? "collector is" : "collectors are");
}

std::string table(const std::vector<JobStatus>& jobs, Instant now) {
  std::string text = "<table>\n<caption>Collectors</caption>\n<thead>\n<tr>";
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    const bool number = i >= 5 && i <= 7;
    text +=
        format("<th scope=\"col\"{}>{}</th>", number ? " class=\"number\"" : "", kColumns.at(i));
  }
  text += "</tr>\n</thead>\n";
  for (const JobStatus& job : jobs) {
    text += job_rows(job, now);
  }
  return text + "</table>\n";
}

}  // namespace

HttpResponse landing_page(const std::vector<JobStatus>& jobs, Instant now,
                          const std::string& telemetry_path, bool has_report) {
  return page_response(
      format("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<title>usage_exporter</title>\n<link rel=\"icon\" href=\"data:,\">\n"
             "<style>{}</style>\n</head>\n<body>\n<header>\n<h1>usage_exporter</h1>\n"
             "<p>Product usage as Prometheus metrics. Version {}, revision {}.</p>\n"
             "<nav aria-label=\"Pages\"><a href=\"{}\">Metrics</a>{}"
             "<a href=\"/-/healthy\">Health</a><a href=\"/-/ready\">Readiness</a></nav>\n"
             "</header>\n<main>\n<p>{} As of {}.</p>\n{}</main>\n</body>\n</html>\n",
             kStyle, escape_html(kVersion), escape_html(kRevision), escape_html(telemetry_path),
             has_report ? "<a href=\"/report\">Weekly report</a>" : "", summary(jobs),
             time_element(now, format_rfc3339(std::chrono::floor<std::chrono::seconds>(now))),
             jobs.empty() ? "" : table(jobs, now)),
      kStyleHash);
}

}  // namespace usage
