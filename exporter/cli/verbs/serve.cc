#include "exporter/cli/verbs/serve.h"

#include <memory>

#include "collectors/usage/usage_state.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/cli/verbs/web_flags.h"
#include "exporter/scheduling/engine.h"

namespace usage {

namespace {

struct ServeFlags {
  std::string config_file = kDefaultConfigFile;
  WebFlags web;
  LogFlags log;
};

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

int run_serve(const ServeFlags& flags) {
  const SystemClock clock;
  Log log(stderr, flags.log.level, flags.log.format, clock);
  const auto usage = std::make_shared<UsageState>(UsageOptions{flags.web.storage_path});
  const auto load = [&] {
    Plan plan = load_plan(flags.config_file, usage);
    if (flags.web.storage_path.empty()) {
      refuse_to_lose_events(plan.config);
    }
    if (plan.config.usage.is_mapping()) {
      usage->open(clock.now(), log);  // at the start, so that a folder of no use is found at once
    }
    return plan;
  };
  App app(flags.web.serve, load, usage, clock, log);
  app.run();
  return 0;
}

}  // namespace

VerbRun add_serve(CLI::App& app) {
  const auto owned = std::make_shared<ServeFlags>();
  ServeFlags& flags = *owned;
  add_config_flag(app, flags.config_file);
  add_web_flags(app, flags.web);
  add_log_flags(app, flags.log);
  return [owned] { return run_serve(*owned); };
}

}  // namespace usage
