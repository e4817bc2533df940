#include "exporter/cli/verbs/report.h"

#include <cstdio>

#include "collectors/report/report.h"
#include "exporter/app/history_run.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"
#include "exporter/cli/verbs/flags.h"
#include "exporter/report/report_forms.h"

namespace usage {

namespace {

struct ReportFlags {
  std::string config_file = kDefaultConfigFile;
  std::optional<IsoWeek> week;
  const ReportForm* report_form = &report_forms().front();
  LogFlags log;
};

IsoWeek week_of(const ReportFlags& flags, const TimeZone& zone, Instant now) {
  const IsoWeek last = last_complete_week(now, zone);
  const IsoWeek week = flags.week.value_or(last);
  if (week > last) {
    throw Error(Reason::config,
                fmt::format("cannot report on --week={}: it ends on {}, midnight in {}; the last "
                            "complete week is {}",
                            format_iso_week(week), format_rfc3339(start_of(week, zone, 1)),
                            zone.name(), format_iso_week(last)));
  }
  return week;
}

std::optional<const ReportForm*> parse_report_form(std::string_view text) {
  const ReportForm* form = find_report_form(text);
  return form != nullptr ? std::optional(form) : std::nullopt;
}

int run_report(const ReportFlags& flags) {
  const SystemClock system;
  Log log(stderr, flags.log.level, flags.log.format, system);
  const UsageConfig usage = read_features_of(flags.config_file);
  const IsoWeek week = week_of(flags, usage.rules.zone, system.now());
  const auto state = read_past(flags.config_file, report_instants(week, usage), log);
  if (!state) {
    return 1;
  }
  const std::string text = flags.report_form->render(make_report(*state->lock(), usage, week));
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw Error(Reason::io, "cannot write the report to stdout: the disk is full or nobody reads");
  }
  return 0;
}

}  // namespace

VerbRun add_report(CLI::App& app) {
  const auto owned = std::make_shared<ReportFlags>();
  ReportFlags& flags = *owned;
  add_config_flag(app, flags.config_file);
  app.add_option_function<std::string>(
         "--week",
         [&flags](const std::string& text) {
           flags.week = parse_iso_week(text);
           if (!flags.week) {
             throw CLI::ValidationError(
                 "--week", fmt::format("\"{}\" is no week of ISO 8601 such as 2026-W47", text));
           }
         },
         "The week, such as 2026-W47, in the config's time zone. It must be over.")
      ->type_name("WEEK")
      ->default_str("the last complete one");
  add_parsed<const ReportForm*>(
      app, "--format", "What to write: a page, Markdown or numbers.", parse_report_form,
      [&flags](const ReportForm* form) { flags.report_form = form; }, "html|md|json", "html");
  add_log_flags(app, flags.log);
  return [owned] { return run_report(*owned); };
}

}  // namespace usage
