#include "collectors/measures/context/window.h"

#include <algorithm>

namespace usage {

Instant edge_at_or_before(Instant instant, Duration bucket_width) {
  const Duration since = instant.time_since_epoch();
  Duration past_edge = since % bucket_width;
  if (past_edge < Duration::zero()) past_edge += bucket_width;
  return Instant(since - past_edge);
}

Instant edge_at_or_after(Instant instant, Duration bucket_width) {
  const Instant before = edge_at_or_before(instant, bucket_width);
  return before == instant ? instant : before + bucket_width;
}

Interval whole_buckets(Instant from, Instant to, Duration bucket_width) {
  const Instant first = edge_at_or_after(from, bucket_width);
  return {first, std::max(first, edge_at_or_before(to, bucket_width))};
}

Interval window_bounds(const Window& window, Instant at, bool live, Duration bucket_width,
                       const TimeZone& zone) {
  const Instant end =
      live ? edge_at_or_after(at, bucket_width) : edge_at_or_before(at, bucket_width);
  const Instant as_of = live ? at : end;
  if (window.rolling) return {edge_at_or_after(as_of - *window.rolling, bucket_width), end};
  const Instant from = zone.start_of(window.unit, as_of, window.offset);
  const Instant to = zone.start_of(window.unit, as_of, window.offset + 1);
  if (to <= as_of) return whole_buckets(from, to, bucket_width);
  // A bucket across the end of the period belongs to no period, even while it is open.
  return whole_buckets(from, std::min(end, to), bucket_width);
}

}  // namespace usage
