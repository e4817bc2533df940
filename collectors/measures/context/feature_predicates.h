#pragma once

#include "collectors/facts/bucket.h"

// What a measure or a target needs of a feature: Measure::applies and TargetMeasure::applies.
namespace usage {

inline bool always(const FeatureShape&) { return true; }
inline bool has_users(const FeatureShape& shape) { return shape.has_users; }
inline bool has_outcome(const FeatureShape& shape) { return shape.has_outcome; }
inline bool has_scope(const FeatureShape& shape) { return shape.has_scope; }
inline bool has_dimensions(const FeatureShape& shape) { return !shape.dimensions.empty(); }

}  // namespace usage
