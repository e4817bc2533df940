#include "exporter/cli/verbs/explain.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "collectors/usage/explain/explain.h"
#include "collectors/usage/usage_state.h"
#include "exporter/base/error.h"
#include "exporter/cli/verbs/flags.h"
#include "exporter/scheduling/engine.h"

namespace usage {

namespace {

struct ExplainFlags {
  std::string config_file = kDefaultConfigFile;
  std::string measure;  // or "target", and then its name
  std::string target;
  std::optional<std::string> feature, window;
  std::optional<Instant> at;
  LogFlags log;
};

int run_explain(const ExplainFlags& flags) {
  const bool of_target = flags.measure == "target";
  const UsageOptions once{.storage_path = "", .complete = true, .live = !flags.at};
  const auto state = std::make_shared<UsageState>(once);
  Plan plan = load_plan(flags.config_file, state);
  Problems problems;
  const UsageConfig usage = read_usage_config(plan.config, problems);
  if (usage.features.empty()) {
    throw Error(Reason::config, "there are no \"features\" in " + flags.config_file);
  }
  const SystemClock system;
  const FixedClock fixed(flags.at.value_or(system.now()));
  Log log(stderr, flags.log.level, flags.log.format, system);
  Publisher publisher;
  SelfMetrics self(system.now());
  Engine engine(std::move(plan), {fixed, log, publisher, self});
  for (const std::unique_ptr<Job>& job : engine.jobs()) {
    if (job->key().collector == "usage" && !job->run()) {
      return 1;
    }
  }
  const LockedFacts facts = state->lock();
  const std::string text =
      of_target
          ? explain_target(flags.target, engine.config(), usage, *facts, fixed.now(), once.live)
          : explain({flags.measure, flags.feature, flags.window}, engine.config(), usage, *facts,
                    fixed.now(), once.live);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace

VerbRun add_explain(CLI::App& app) {
  const auto owned = std::make_shared<ExplainFlags>();
  ExplainFlags& flags = *owned;
  app.add_option(
         "measure", flags.measure,
         "The name of a usage metric, for example usage_adoption_ratio; or the word target.")
      ->required();
  app.add_option("target", flags.target, "After the word target: the target's name.");
  app.callback([&flags] {
    if (flags.measure == "target" && flags.target.empty()) {
      throw CLI::ValidationError("which target? Write: explain target NAME");
    }
    if (flags.measure != "target" && !flags.target.empty()) {
      throw CLI::ValidationError(
          "\"" + flags.target + "\" is not expected here; for a target write: explain target NAME");
    }
  });
  add_config_flag(app, flags.config_file);
  app.add_option("--feature", flags.feature, "For this feature alone.")->type_name("NAME");
  app.add_option("--window", flags.window,
                 "For this window, whether the config has it or not: 7d, last_week …")
      ->type_name("WINDOW");
  add_instant(app, "--at", "As of this time.", flags.at, "now");
  add_log_flags(app, flags.log);
  return [owned] { return run_explain(*owned); };
}

}  // namespace usage
