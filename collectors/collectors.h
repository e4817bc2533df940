#pragma once

#include <memory>
#include <vector>

#include "collectors/api/collector_plan.h"
#include "exporter/config/config.h"
#include "exporter/exposition/registry.h"

namespace usage {

class UsageState;

// Reads every collector's own part of the config and checks that no metric clashes with its
// source's labels, and that every DSN can be read. Mistakes go to `problems`; the plans are usable
// only if there are none. A new kind is one row in the table in collectors.cc.
// `usage` is what the process knows of features; without it a run reads everything anew.
std::vector<CollectorPlan> plan_collectors(const Config& config, Problems& problems,
                                           std::shared_ptr<UsageState> usage = nullptr);

// The collector as a row of the registry. The plan and its config outlive the provider.
MetricProvider provider_of(const CollectorPlan& plan, const Config& config);

}  // namespace usage
