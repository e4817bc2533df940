#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "collectors/collector.h"
#include "collectors/sources/source.h"
#include "exporter/config.h"

namespace usage {

// A collector whose config was read and found good, not yet tied to a source.
struct CollectorPlan {
  CollectorConfig config;
  std::function<Metrics(const SourceConfig&)> describe;  // as Collector::describe
  // The source outlives the collector. Connects to nothing.
  std::function<std::unique_ptr<Collector>(const SourceConfig&, Source&)> make;
};

class UsageState;

// Reads every collector's own part of the config and checks that no two metrics, and no metric and
// its source's labels, clash, and that every DSN can be read. What is wrong goes to `problems`; the
// plans are usable only if there was nothing. A new kind is one row in the table in collectors.cc.
// `usage` is what the process knows of features; without it a run reads everything anew.
std::vector<CollectorPlan> plan_collectors(const Config& config, Problems& problems,
                                           std::shared_ptr<UsageState> usage = nullptr);

}  // namespace usage
