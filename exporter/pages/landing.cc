#include "exporter/pages/landing.h"

#include <algorithm>
#include <array>

#include "exporter/base/format.h"
#include "exporter/base/html.h"
#include "exporter/base/timestamps.h"
#include "exporter/base/version.h"
#include "exporter/pages/frame.h"

namespace usage {

namespace {

constexpr std::array kJobColumns{
    PageColumn{"Collector"},      PageColumn{"Source"},           PageColumn{"State"},
    PageColumn{"Schedule"},       PageColumn{"Last success"},     PageColumn{"Took", "number"},
    PageColumn{"Rows", "number"}, PageColumn{"Series", "number"}, PageColumn{"Next run"}};

std::string state_cell(const JobStatus& job, Instant now) {
  std::string detail;
  if (job.running) {
    detail = "running";
  } else if (job.state != JobState::healthy && job.last_attempt) {
    detail = "tried " + relative_time(*job.last_attempt, now);
  }
  return state_element(to_string(job.state), to_string(job.state)) +
         (detail.empty() ? "" : "<small>" + detail + "</small>");
}

void add_job(PageTable& table, const JobStatus& job, Instant now) {
  table.row(fmt::format("<a href=\"/definitions#collector-{}\">{}</a><small>{}</small>",
                        escape_html(job.collector), breakable_html(job.collector),
                        escape_html(job.kind)));
  table.cell(breakable_html(job.source));
  table.cell(state_cell(job, now));
  table.cell(escape_html(job.schedule));
  table.cell(job.last_success ? relative_time(*job.last_success, now) : std::string(kNothing));
  table.cell(job.last_duration ? escape_html(approximate_duration(*job.last_duration))
                               : std::string(kNothing));
  table.cell(job.last_success ? std::to_string(job.rows) : std::string(kNothing));
  table.cell(job.last_success ? std::to_string(job.series) : std::string(kNothing));
  table.cell(job.next_run ? until(*job.next_run, now) : std::string(kNothing));
  if (job.error_reason) {
    table.note(fmt::format("<span class=\"error\"><strong class=\"error\">{}:</strong> {}</span>",
                           to_string(*job.error_reason), escape_html(job.error)));
  }
}

std::string summary(const std::vector<JobStatus>& jobs) {
  if (jobs.empty()) {
    return "No collector is configured.";
  }
  const auto healthy = std::count_if(jobs.begin(), jobs.end(), [](const JobStatus& job) {
    return job.state == JobState::healthy;
  });
  return fmt::format("{} of {} {} healthy.", healthy, jobs.size(),
                     jobs.size() == 1 ? "collector is" : "collectors are");
}

std::string table_of(const std::vector<JobStatus>& jobs, Instant now) {
  PageTable table("Collectors", kJobColumns);
  for (const JobStatus& job : jobs) {
    add_job(table, job, now);
  }
  return std::move(table).html();
}

}  // namespace

HttpResponse landing_page(const std::vector<JobStatus>& jobs, Instant now, const PageLinks& links) {
  return framed_page(
      "/", "usage_exporter",
      fmt::format("<p>Product usage as Prometheus metrics. Version {}, revision {}.</p>\n",
                  escape_html(kVersion), escape_html(kRevision)),
      fmt::format("<p>{} As of {}.</p>\n{}", summary(jobs),
                  time_element(now, format_rfc3339(std::chrono::floor<std::chrono::seconds>(now))),
                  jobs.empty() ? "" : table_of(jobs, now)),
      links);
}

}  // namespace usage
