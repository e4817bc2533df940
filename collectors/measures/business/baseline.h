#pragma once

#include <optional>

#include "collectors/measures/context/evaluation_context.h"

namespace usage {

// The bucket edge at or after the launch of the business: the configured instant, else the first
// launch of a feature. Baselines lie before it. Nothing if nothing was launched.
std::optional<Instant> business_launch(const EvaluationContext& context);

// True if data starting at `first_bucket` covers an interval from `from`; up to one empty first
// week is tolerated.
bool reaches_back(std::optional<Instant> first_bucket, Instant from);

}  // namespace usage
