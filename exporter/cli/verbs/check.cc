#include "exporter/cli/verbs/check.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "collectors/usage/usage.h"
#include "exporter/app/rules_check.h"
#include "exporter/base/diagnostics.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/cli/verbs/flags.h"
#include "exporter/scheduling/engine.h"
#include "exporter/scheduling/own_providers.h"

namespace usage {

namespace {

struct CheckFlags {
  std::string config_file = kDefaultConfigFile;
  bool connect = false;
  std::vector<std::string> rules;  // globs
};

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

std::string counted(std::size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
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

int run_check(const CheckFlags& flags) {
  Plan plan = load_plan(flags.config_file);
  const SystemClock clock;
  Log log(stderr, LogLevel::info, LogFormat::logfmt, clock);
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

}  // namespace

VerbRun add_check(CLI::App& app) {
  const auto owned = std::make_shared<CheckFlags>();
  CheckFlags& flags = *owned;
  add_config_flag(app, flags.config_file);
  app.add_flag("--connect", flags.connect,
               "Also connect to every source and prepare every query: reports columns and types.");
  app.add_option("--rules", flags.rules,
                 "Also prove that each metric in these rule files and dashboards is published; a "
                 "glob in quotes, repeatable.")
      ->type_name("GLOB");
  return [owned] { return run_check(*owned); };
}

}  // namespace usage
