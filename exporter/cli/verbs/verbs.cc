#include "exporter/cli/verbs/verbs.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "collectors/usage/usage.h"
#include "collectors/usage/usage_state.h"
#include "exporter/app/rules_check.h"
#include "exporter/base/diagnostics.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/version.h"
#include "exporter/pages/metrics_page.h"
#include "exporter/scheduling/engine.h"
#include "exporter/scheduling/own_providers.h"

namespace usage {

namespace {

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

std::string counted(std::size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

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

// Prepares every query on its source; false when one failed.
bool check_queries(Engine& engine, const Services& services) {
  bool good = true;
  for (const std::unique_ptr<Job>& job : engine.jobs()) {
    print(fmt::format("collector {} on source {}: ", job->key().collector, job->key().source));
    try {
      const RunContext run{services.clock.now(), job->deadline(), services.log, services.clock};
      const std::vector<ColumnCheck> checks = job->collector().check(run);
      print("ok\n");
      for (const ColumnCheck& check : checks) {
        print(fmt::format("  {}:\n", check.query));
        for (const std::string& column : check.columns) {
          print(fmt::format("    {}\n", column));
        }
      }
    } catch (const Error& error) {
      print(fmt::format("FAILED ({})\n  {}\n", to_string(error.reason()), error.what()));
      good = false;
    }
  }
  return good;
}

// What clients sent, and were told is kept, would be gone with the process.
void refuse_to_lose_events(const Config& config) {
  for (const SourceConfig& source : config.sources) {
    if (source.ingest() != nullptr) {
      throw Error(
          Reason::config,
          fmt::format("source \"{}\" takes events over HTTP, and there is no folder to keep them "
                      "in; start with --storage.path",
                      source.name));
    }
  }
}

}  // namespace

int run_serve(const Flags& flags) {
  const SystemClock clock;
  Log log(stderr, flags.log_level, flags.log_format, clock);
  const auto usage = std::make_shared<UsageState>(UsageOptions{flags.storage_path});
  const auto load = [&] {
    Plan plan = load_plan(flags.config_file, usage);
    if (flags.storage_path.empty()) {
      refuse_to_lose_events(plan.config);
    }
    if (plan.config.usage.is_mapping()) {
      usage->open(clock.now(), log);  // at the start, so that a folder of no use is found at once
    }
    return plan;
  };
  App app(flags.serve, load, usage, clock, log);
  app.run();
  return 0;
}

int run_check(const Flags& flags) {
  Plan plan = load_plan(flags.config_file);
  const SystemClock clock;
  Log log(stderr, flags.log_level, flags.log_format, clock);
  Publisher publisher;
  SelfMetrics self(clock.now());
  const Services services{clock, log, publisher, self};
  Metrics metrics = describe(registry_of(plan));
  print(fmt::format(
      "{}: {}, {}, {}\n", flags.config_file, counted(plan.config.sources.size(), "source"),
      counted(plan.collectors.size(), "collector"), counted(metrics.size(), "metric")));
  Engine engine(std::move(plan), services);
  if (!flags.rules.empty()) {
    std::ranges::move(describe(own_providers()), std::back_inserter(metrics));
    std::ranges::move(describe_everything(), std::back_inserter(metrics));
    Problems problems;
    const std::size_t expressions = check_rules(flags.rules, metrics, problems);
    problems.throw_if_any();
    print(fmt::format("{} of rules and dashboards ask for nothing else\n",
                      counted(expressions, "expression")));
  }
  return !flags.connect || check_queries(engine, services) ? 0 : 1;
}

int run_once(const Flags& flags) {
  const UsageOptions once{.storage_path = "", .complete = true, .live = !flags.at};
  Plan plan = load_plan(flags.config_file, std::make_shared<UsageState>(once));
  const SystemClock system;
  const FixedClock fixed(flags.at.value_or(system.now()));
  Log log(stderr, flags.log_level, flags.log_format, system);
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
    print(*part);
  }
  return good ? 0 : 1;
}

int run_version(const Flags&) {
  print(fmt::format("usage_exporter {} (revision {})\n", kVersion, kRevision));
  return 0;
}

}  // namespace usage
