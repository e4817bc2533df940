#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/facts/facts.h"
#include "collectors/measures/usage_rules.h"
#include "exporter/metric.h"

namespace usage {

// What was used for a window as of an instant: whole buckets, never longer than the window.
// Rolling: from ceil(at − w) to at, `at` rounded down to a bucket edge. `live` keeps the open
// bucket: as of now, the end is the edge after `at`. A calendar period that has not ended ends
// there too.
Interval window_bounds(const Window& window, Instant at, bool live, Duration bucket_width,
                       const TimeZone& zone);

// Facts, rules and an instant: what every measure is a pure function of. Remembers sums that
// several measures need; one thread. Facts and rules outlive it.
class Moment {
 public:
  Moment(const Facts& facts, const UsageRules& rules, Instant at, bool live);

  const Facts& facts() const { return facts_; }
  const UsageRules& rules() const { return rules_; }
  Instant at() const { return at_; }
  Interval bounds(const Window& window) const;

  const Bucket& sum(const std::string& feature, const Interval& interval);
  // Successful users of the feature who count (not excluded, not deleted by then).
  const UserSet& users(const std::string& feature, const Interval& interval);
  // Active users: activity, or a successful use of any feature; those who count.
  const UserSet& active(const Interval& interval);

 private:
  const Facts& facts_;
  const UsageRules& rules_;
  Instant at_;
  bool live_;
  // … the sums
};

// One row of the table of everything that is computed. Ratios with a zero denominator, and anything
// that cannot be known at that instant, give no sample.
struct Measure {
  std::string_view name;  // on the wire, e.g. usage_adoption_ratio
  MetricType type;
  std::string_view unit;
  std::string_view help;  // window, numerator and denominator in words
  std::vector<std::string_view> labels;
  bool per_feature;  // evaluated for each feature that has what it needs, else once
  bool (*applies)(const FeatureShape&);  // what it needs of a feature; unused unless per_feature
  void (*evaluate)(Moment&, const std::string& feature, MetricFamily&);  // appends samples
};

std::span<const Measure> measures();

struct Evaluation {
  Metrics metrics;                      // every family of the table that has samples
  std::uint64_t suppressed_series = 0;  // hidden by k-anonymity; also a family, per feature
  std::uint64_t dropped_series = 0;     // beyond max_series
};

// All measures as of `at`. With `features`, only theirs; `global` adds those of no single feature.
Evaluation evaluate(const Facts& facts, const UsageRules& rules, Instant at, bool live,
                    const std::set<std::string>& features, bool global);

// The families without samples that a set of features can have: for clashes and documentation.
Metrics describe_measures(const std::vector<FeatureShape>& shapes, bool global);

}  // namespace usage
