#include "exporter/cli/verbs/once.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/usage/usage_state.h"
#include "exporter/base/diagnostics.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/cli/verbs/flags.h"
#include "exporter/pages/metrics_page.h"
#include "exporter/scheduling/engine.h"

namespace usage {

namespace {

struct OnceFlags {
  std::string config_file = kDefaultConfigFile;
  std::optional<Instant> at;
  std::optional<std::string> collector;
  Format format = Format::text;
  LogFlags log;
};

void require_collector(const Plan& plan, const std::string& wanted) {
  std::vector<std::string> names;
  for (const CollectorPlan& collector : plan.collectors) {
    if (collector.config.name == wanted) {
      return;
    }
    names.push_back(collector.config.name);
  }
  throw Error(Reason::config,
              fmt::format("there is no collector \"{}\"{}", wanted, did_you_mean(wanted, names)));
}

std::optional<Format> parse_format(std::string_view text) {
  if (text == "text") {
    return Format::text;
  }
  return text == "openmetrics" ? std::optional(Format::openmetrics) : std::nullopt;
}

int run_once(const OnceFlags& flags) {
  const UsageOptions once{.storage_path = "", .complete = true, .live = !flags.at};
  Plan plan = load_plan(flags.config_file, std::make_shared<UsageState>(once));
  const SystemClock system;
  const FixedClock fixed(flags.at.value_or(system.now()));
  Log log(stderr, flags.log.level, flags.log.format, system);
  Publisher publisher;
  SelfMetrics self(system.now());
  if (flags.collector) {
    require_collector(plan, *flags.collector);
  }
  Engine engine(std::move(plan), {fixed, log, publisher, self});
  bool good = true;
  std::vector<Job*> usage;
  for (const std::unique_ptr<Job>& job : engine.jobs()) {
    if (!flags.collector || job->key().collector == *flags.collector) {
      good = job->run() && good;
      if (job->key().collector == "usage") {
        usage.push_back(job.get());
      }
    }
  }
  // Of several sources, the first gave its numbers before the others were read. Nothing is read
  // twice.
  for (Job* job : usage) {
    good = good && (usage.size() == 1 || job->run());
  }
  MetricsPage page(publisher, [] { return Metrics(); }, fixed);
  HttpRequest request;
  request.accept = content_type(flags.format);
  for (const auto& part : page.get(request).body) {
    std::fwrite(part->data(), 1, part->size(), stdout);
  }
  return good ? 0 : 1;
}

}  // namespace

VerbRun add_once(CLI::App& app) {
  const auto owned = std::make_shared<OnceFlags>();
  OnceFlags& flags = *owned;
  add_config_flag(app, flags.config_file);
  add_instant(app, "--at",
              "Bind this time instead of now: queries bounded by parameters answer for the past.",
              flags.at, "now");
  app.add_option("--collector", flags.collector, "Run this collector alone.")->type_name("NAME");
  add_parsed<Format>(
      app, "--format", "Exposition format.", parse_format,
      [&flags](Format format) { flags.format = format; }, "text|openmetrics", "text");
  add_log_flags(app, flags.log);
  return [owned] { return run_once(*owned); };
}

}  // namespace usage
