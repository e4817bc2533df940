#include "exporter/app/history_run.h"

#include "exporter/base/error.h"
#include "exporter/scheduling/engine.h"

namespace usage {

namespace {

// Runs the jobs until everything is read. A run ends at half of its source's timeout, and one that
// was too slow reads less the next time. Returns false when that does not help, after logging it.
bool read_all(Engine& engine, UsageState& state) {
  constexpr int kPatience = 8;
  int timeouts = 0;
  bool more = false;  // logs may take longer than tables
  do {
    more = false;
    for (const std::unique_ptr<Job>& job : engine.jobs()) {
      if (job->key().collector != "usage") {
        continue;
      }
      const bool good = job->run();
      more = more || job->wants_more();
      timeouts = good ? 0 : timeouts + 1;
      if (!good && (job->status().error_reason != Reason::timeout || timeouts == kPatience)) {
        return false;
      }
    }
  } while (more || !state.finished());
  return true;
}

}  // namespace

UsageConfig read_features_of(const std::string& config_file) {
  const Config config = load_plan(config_file).config;
  Problems problems;  // load_plan has reported them
  UsageConfig usage = read_usage_config(config, problems);
  if (usage.features.empty()) {
    throw Error(Reason::config, "there are no \"features\" in " + config_file);
  }
  return usage;
}

std::shared_ptr<UsageState> read_past(const std::string& config_file, const Interval& instants,
                                      Log& log) {
  auto state = std::make_shared<UsageState>(
      UsageOptions{.storage_path = "", .complete = false, .live = false, .since = instants.from});
  const FixedClock fixed(instants.to);
  const SystemClock system;
  Publisher publisher;
  SelfMetrics self(system.now());
  Engine engine(load_plan(config_file, state), {fixed, log, publisher, self});
  return read_all(engine, *state) ? state : nullptr;
}

}  // namespace usage
