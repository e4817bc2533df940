#pragma once

#include "collectors/facts/feature_facts.h"
#include "collectors/measures/context/usage_rules.h"

namespace usage {

// The whole buckets that a window covers as of an instant; never longer than the window.
// Rolling: from ceil(at − w) to the end. Calendar: the buckets wholly inside the period, up to the
// end if the period has not ended. The end is `at` rounded down to a bucket edge or, if `live` (as
// of now), rounded up, so that the open bucket counts. A window without a whole bucket has
// from == to.
Interval window_bounds(const Window& window, Instant at, bool live, Duration bucket_width,
                       const TimeZone& zone);

Instant edge_at_or_before(Instant instant, Duration bucket_width);
Instant edge_at_or_after(Instant instant, Duration bucket_width);

// The buckets wholly inside [from, to).
Interval whole_buckets(Instant from, Instant to, Duration bucket_width);

}  // namespace usage
