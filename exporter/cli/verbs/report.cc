#include "collectors/report/report.h"

#include <cstdio>

#include "exporter/app/history_run.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"
#include "exporter/cli/verbs/verbs.h"
#include "exporter/report/render_report.h"

namespace usage {

namespace {

IsoWeek week_of(const Flags& flags, const TimeZone& zone, Instant now) {
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

}  // namespace

int run_report(const Flags& flags) {
  const SystemClock system;
  Log log(stderr, flags.log_level, flags.log_format, system);
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

}  // namespace usage
