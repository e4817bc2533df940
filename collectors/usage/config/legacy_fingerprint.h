#pragma once

#include <string>
#include <vector>

#include "collectors/usage/config/table_config.h"
#include "exporter/base/clock.h"

namespace usage {

// What programs before CacheKey kept with the facts of a feature, or of the activity. A state file
// of theirs with the same text is taken over; without this, all history would be read anew after an
// update. It knows nothing of the source and the population, and never changes.
std::string legacy_fingerprint(const FeatureConfig& feature, Duration bucket);
std::string legacy_fingerprint(const std::vector<TableConfig>& activity, Duration bucket);

}  // namespace usage
