#pragma once

#include <memory>
#include <vector>

#include "collectors/api/collector_plan.h"
#include "exporter/config/config.h"

namespace usage {

class UsageState;

// Reads every collector's own part of the config and checks that no two metrics, and no metric and
// its source's labels, clash, and that every DSN can be read. What is wrong goes to `problems`; the
// plans are usable only if there was nothing. A new kind is one row in the table in collectors.cc.
// `usage` is what the process knows of features; without it a run reads everything anew.
std::vector<CollectorPlan> plan_collectors(const Config& config, Problems& problems,
                                           std::shared_ptr<UsageState> usage = nullptr);

}  // namespace usage
