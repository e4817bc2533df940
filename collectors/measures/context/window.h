#pragma once

#include "collectors/facts/feature_facts.h"
#include "collectors/measures/context/usage_rules.h"

namespace usage {

// What was used for a window as of an instant: whole buckets, never longer than the window.
// Rolling: from ceil(at − w) to `at`. Calendar: the buckets that lie wholly inside the period; one
// that has not ended ends where a rolling window does. That end is `at` rounded down to a bucket
// edge; `live` (as of now) keeps the open bucket instead: the edge at or after `at`. A window that
// holds no whole bucket has from == to.
Interval window_bounds(const Window& window, Instant at, bool live, Duration bucket_width,
                       const TimeZone& zone);

Instant edge_at_or_before(Instant instant, Duration bucket_width);
Instant edge_at_or_after(Instant instant, Duration bucket_width);

// The buckets that lie wholly inside.
Interval whole_buckets(Instant from, Instant to, Duration bucket_width);

}  // namespace usage
