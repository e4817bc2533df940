#include "exporter/report/report_service.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "collectors/measures/context/window.h"
#include "exporter/base/atomic_file.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/http/page_response.h"
#include "exporter/report/render_html.h"

namespace usage {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPath = "/report";
constexpr std::string_view kPrefix = "report-";       // of files
constexpr Duration kRenewed = std::chrono::hours(1);  // late rows are in it then
constexpr Duration kFresh = std::chrono::minutes(1);  // of a week that is not settled
constexpr Duration kRetry = std::chrono::minutes(1);  // of a file that could not be written
constexpr std::size_t kMostKept = 8;

// What the path asks for; nullopt: it is no week.
std::optional<IsoWeek> week_of(std::string_view path, const IsoWeek& last) {
  return path == kPath ? last : parse_iso_week(path.substr(kPath.size() + 1));
}

IsoWeek week_after(const IsoWeek& week) {
  return iso_week_of(monday_of(week) + std::chrono::weeks(1));
}

// nullptr: it is none. No query is the first form.
const ReportForm* form_of(std::string_view query) {
  constexpr std::string_view kFormat = "format=";
  if (query.empty()) {
    return &report_forms().front();
  }
  return query.starts_with(kFormat) ? find_report_form(query.substr(kFormat.size())) : nullptr;
}

HttpResponse response_of(const std::shared_ptr<const std::string>& text, const ReportForm& form) {
  HttpResponse response = page_response("", kReportStyleHash);
  response.content_type = form.content_type;
  response.body = {text};
  return response;
}

}  // namespace

Reports::Reports(std::shared_ptr<UsageState> state, ReportFolder folder, SelfMetrics& self,
                 Log& log)
    : state_(std::move(state)), folder_(std::move(folder)), self_(self), log_(log) {
  if (folder_.path.empty()) {
    return;
  }
  std::error_code failed;
  fs::create_directories(folder_.path, failed);
  if (failed || ::access(folder_.path.c_str(), W_OK | X_OK) != 0) {
    throw Error(Reason::io,
                fmt::format("cannot write reports into --report.folder={}: {}", folder_.path,
                            failed ? failed.message() : "the process may not write there"));
  }
  self_.reports_expected();
}

Reports::Config Reports::config() const {
  const std::scoped_lock lock(mutex_);
  return config_;
}

Reports::Config Reports::adopt() {
  Config current = state_->config(state_->lock());
  const std::scoped_lock lock(mutex_);
  if (config_ != current) {
    config_ = current;
    made_.clear();
  }
  return current;
}

bool Reports::is_settled(const IsoWeek& week) {
  const LockedFacts facts = state_->lock();
  const Config current = state_->config(facts);
  return current && state_->read_up_to(facts, report_instants(week, *current).to);
}

std::shared_ptr<const Reports::Made> Reports::kept(const IsoWeek& week, Instant now,
                                                   Duration fresh) const {
  const std::scoped_lock lock(mutex_);
  const auto found = made_.find(week);
  if (found == made_.end()) {
    return nullptr;
  }
  const Made& made = *found->second;
  const bool good = made.at <= now && now - made.at < (made.settled ? fresh : kFresh);
  return good ? found->second : nullptr;
}

std::shared_ptr<const Reports::Made> Reports::make(const Config& config, const IsoWeek& week,
                                                   Instant now, Duration fresh) {
  const std::scoped_lock one(making_);
  if (auto meanwhile = kept(week, now, fresh)) {
    return meanwhile;
  }
  Made made{now, is_settled(week), {}};
  ReportDraft draft(*config, week);
  std::optional<Report> report;
  for (bool more = true; !report;) {
    const LockedFacts facts = state_->lock();
    if (stopping_ || state_->config(facts) != config) {
      return nullptr;
    }
    if (more) {
      more = draft.add_week(*facts);
    } else {
      report = draft.finish(*facts);
    }
  }
  for (const ReportForm& form : report_forms()) {
    made.texts.push_back(std::make_shared<const std::string>(form.render(*report)));
  }
  auto shared = std::make_shared<const Made>(std::move(made));
  const std::scoped_lock lock(mutex_);
  if (config_ == config) {
    made_[week] = shared;
  }
  while (made_.size() > kMostKept) {
    made_.erase(made_.begin());  // the oldest week
  }
  return shared;
}

std::optional<IsoWeek> Reports::newest_file(const ReportForm& form) const {
  std::optional<IsoWeek> newest;
  for (const auto& entry : fs::directory_iterator(folder_.path)) {
    const std::string name = entry.path().stem().string();
    const bool ours =
        entry.path().extension() == "." + std::string(form.name) && name.starts_with(kPrefix);
    const auto week = ours ? parse_iso_week(name.substr(kPrefix.size())) : std::nullopt;
    if (week && (!newest || *week > *newest)) {
      newest = week;
    }
  }
  return newest;
}

void Reports::write_due(const Config& config, const IsoWeek& last, Instant now) {
  const auto forms = report_forms();
  for (const ReportForm* form : folder_.forms) {
    const auto newest = newest_file(*form);
    for (IsoWeek week = newest ? week_after(*newest) : last; week <= last;
         week = week_after(week)) {
      if (start_of(week, config->rules.zone) < now - config->history) {
        continue;
      }
      if (!is_settled(week)) {
        return;
      }
      const auto made = make(config, week, now, kRenewed);
      if (!made) {
        return;
      }
      const std::string path =
          fmt::format("{}/{}{}.{}", folder_.path, kPrefix, format_iso_week(week), form->name);
      AtomicFile file(path);
      file.write(*made->texts[static_cast<std::size_t>(form - forms.data())]);
      file.finish();
      self_.report_written(now);
      log_.info("weekly report written", {{"path", path}});
    }
  }
  written_ = last;
}

void Reports::tick(Instant now) {
  const Config current = adopt();
  if (!current || !state_->finished()) {
    return;
  }
  const IsoWeek last = last_complete_week(now, current->rules.zone);
  if (!kept(last, now, kRenewed) && is_settled(last)) {
    make(current, last, now, kRenewed);
  }
  const bool waits = retry_ && now < *retry_ && *retry_ - now <= kRetry;
  if (folder_.path.empty() || written_ == last || waits) {
    return;
  }
  try {
    write_due(current, last, now);
    retry_.reset();
    complaint_.clear();
  } catch (const std::exception& error) {  // of the file system, too
    retry_ = now + kRetry;
    self_.report_failed();
    if (std::exchange(complaint_, error.what()) != error.what()) {
      log_.error("cannot write the weekly report; it is tried again every minute",
                 {{"err", error.what()}});
    }
  }
}

HttpResponse Reports::get(const HttpRequest& request, Instant now) {
  Config current = config();
  if (!current && state_->finished()) {
    current = adopt();
  }
  if (!current) {
    return text_response(503, "The tables are still being read for the first time.\n");
  }
  const ReportForm* form = form_of(request.query);
  if (form == nullptr) {
    return text_response(404, "A report is written as format=html, format=md or format=json.\n");
  }
  const IsoWeek last = last_complete_week(now, current->rules.zone);
  const auto week = week_of(request.path, last);
  if (!week) {
    return text_response(404, "That is no week; ask for one such as /report/2026-W47.\n");
  }
  if (*week > last || start_of(*week, current->rules.zone) < now - current->history) {
    return text_response(
        404, fmt::format(
                 "There is no report of {}: the last complete week is {}, and {} are kept.\n",
                 format_iso_week(*week), format_iso_week(last), format_duration(current->history)));
  }
  // A settled one is served while tick() makes the next.
  auto made = kept(*week, now, 2 * kRenewed);
  if (!made) {
    if (!state_->finished()) {
      return text_response(503, "The tables are still being read for the first time.\n");
    }
    made = make(current, *week, now, kRenewed);
  }
  if (!made) {
    return text_response(503, "The config was just reloaded, or the exporter ends; ask again.\n");
  }
  return response_of(made->texts[static_cast<std::size_t>(form - report_forms().data())], *form);
}

}  // namespace usage
