#pragma once

#include <memory>

#include "collectors/api/collector_plan.h"
#include "collectors/usage/config/usage_config.h"
#include "collectors/usage/usage_state.h"

namespace usage {

// The collector of everything that the config says about features: one job for each source it
// reads. Each job publishes the measures of the features of its source, and that of
// UsageConfig::global_source also those of no single feature.
CollectorPlan plan_usage(const std::shared_ptr<const UsageConfig>& config,
                         const std::shared_ptr<UsageState>& state);

// The families, without samples, that say how the reading itself goes.
Metrics describe_reading();

// Every family, without samples, that some config about features can have.
Metrics describe_everything();

}  // namespace usage
