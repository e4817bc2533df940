#include "exporter/report_page.h"

#include "exporter/format.h"
#include "exporter/page_response.h"
#include "exporter/render_report.h"

namespace usage {

namespace {

constexpr std::string_view kPath = "/report";
constexpr Duration kFresh = std::chrono::minutes(1);  // readers in a row cost one evaluation

HttpResponse with_type(std::string text, const char* type) {
  HttpResponse response = text_response(200, std::move(text));
  response.content_type = type;
  return response;
}

HttpResponse render(const Report& report, std::string_view query) {
  if (query == "format=json") {
    return with_type(render_report_json(report), "application/json");
  }
  if (query == "format=md") {
    return with_type(render_report_markdown(report), "text/markdown; charset=utf-8");
  }
  if (!query.empty() && query != "format=html") {
    return text_response(404, "A report is written as format=html, format=md or format=json.\n");
  }
  return page_response(render_report_html(report), kReportStyleHash);
}

// What the path asks for; nullopt: it is no week.
std::optional<IsoWeek> week_of(std::string_view path, const IsoWeek& last) {
  return path == kPath ? last : parse_iso_week(path.substr(kPath.size() + 1));
}

}  // namespace

const Report& ReportPage::report_of(const IsoWeek& week,
                                    const std::shared_ptr<const UsageConfig>& config, Instant now) {
  const bool same = last_ && last_->config == config && last_->report.week == week;
  if (!same || now < last_->at || now - last_->at > kFresh) {
    last_.emplace(Made{config, now, make_report(state_->shared().facts, *config, week)});
  }
  return last_->report;
}

HttpResponse ReportPage::get(const HttpRequest& request, Instant now) {
  if (!state_->finished()) {
    return text_response(503, "The tables are still being read for the first time.\n");
  }
  const std::scoped_lock lock(state_->shared().mutex);
  const auto config = state_->config();
  const IsoWeek last = last_complete_week(now, config->rules.zone);
  const auto week = week_of(request.path, last);
  if (!week) {
    return text_response(404, "That is no week; ask for one such as /report/2026-W47.\n");
  }
  if (*week > last || start_of(*week, config->rules.zone) < now - config->history) {
    return text_response(
        404,
        format("There is no report of {}: the last complete week is {}, and {} are kept.\n",
               format_iso_week(*week), format_iso_week(last), format_duration(config->history)));
  }
  return render(report_of(*week, config, now), request.query);
}

}  // namespace usage
