#include "collectors/usage/explain/explain.h"

#include <cstdio>
#include <memory>

#include "collectors/usage/usage_state.h"
#include "exporter/base/error.h"
#include "exporter/cli/verbs/verbs.h"
#include "exporter/scheduling/engine.h"

namespace usage {

int run_explain(const Flags& flags) {
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
  Log log(stderr, flags.log_level, flags.log_format, system);
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

}  // namespace usage
