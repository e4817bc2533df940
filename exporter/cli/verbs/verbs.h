#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exporter/app/app.h"
#include "exporter/base/clock.h"
#include "exporter/base/iso_week.h"
#include "exporter/base/log.h"
#include "exporter/cli/verbs/flag_values.h"
#include "exporter/report/render_report.h"

namespace usage {

// What the flags of all verbs set; each verb has the flags it uses (command_line.cc).
struct Flags {
  std::string config_file = "usage_exporter.yml";
  std::string storage_path;
  ServeOptions serve;
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::logfmt;
  bool connect = false;                  // check, and the next
  std::vector<std::string> rules;        // globs
  std::optional<Instant> at;             // once, explain
  std::optional<std::string> collector;  // once
  Format format = Format::text;          // once
  std::string into;                      // demo
  double demo_speed = 1;                 // demo, and the next
  std::optional<Instant> demo_launch;
  std::string url;      // probe
  std::string measure;  // explain, and the next three; "target" before one's name
  std::string target;
  std::optional<std::string> feature;
  std::optional<std::string> window;
  std::optional<Instant> from, to;  // backfill, and the next three
  Duration step = std::chrono::hours(1);
  std::string output;
  std::vector<std::string> labels;  // NAME=VALUE
  std::string user;                 // forget
  std::optional<IsoWeek> week;      // report, and the next
  const ReportForm* report_form = &report_forms().front();
};

// The verbs. Each returns the exit code and throws Error, which run_command() turns into 1.
int run_serve(const Flags& flags);
int run_check(const Flags& flags);
int run_once(const Flags& flags);
int run_explain(const Flags& flags);
int run_backfill(const Flags& flags);
int run_report(const Flags& flags);
int run_forget(const Flags& flags);
int run_demo(const Flags& flags);
int run_version(const Flags& flags);
int run_probe(const Flags& flags);

}  // namespace usage
