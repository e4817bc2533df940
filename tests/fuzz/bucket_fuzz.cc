// Any bytes are stored facts: they are refused, or they are facts that can be used and written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/facts/feature_facts.h"
#include "exporter/base/error.h"

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

usage::FeatureShape shape() {
  usage::FeatureShape shape;
  shape.reasons = {"timeout", "quota"};
  shape.dimensions = {"format", "type"};
  shape.duration_bounds = {1, 5, 10};
  shape.size_bounds = {1000};
  return shape;
}

void use(const usage::Bucket& bucket, const usage::FeatureShape& shape) {
  const usage::Bucket again = usage::Bucket::parse(bucket.serialize(), shape);
  // A sum that is not a number is unlike itself.
  require(again.uses == bucket.uses && again.failures == bucket.failures);
  require(again.dimensions == bucket.dimensions && again.scopes == bucket.scopes);
  usage::Bucket twice = bucket;
  twice.merge(bucket);
  twice.compact();
  require(twice.rows() == 2 * bucket.rows());
  require(twice.uses.users() == bucket.uses.users());
  require(twice.uses.total_without(twice.uses.users()) == 2 * bucket.uses.unattributed());
  usage::FeatureCounters counters(shape);
  counters.rise(usage::FeatureCounters(shape), usage::FeatureCounters(shape, bucket));
  require(counters.uses == bucket.uses.total());
  usage::FeatureCounters::parse(counters.serialize(), shape);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const usage::FeatureShape kShape = shape();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    use(usage::Bucket::parse(bytes, kShape), kShape);
  } catch (const usage::Error& error) {
    require(error.reason() == usage::Reason::data);
  }
  try {
    const usage::IdSet set = usage::IdSet::parse(bytes);
    require(usage::IdSet::parse(set.serialize()) == set);
  } catch (const usage::Error&) {
  }
  try {
    usage::FeatureCounters::parse(bytes, kShape);
  } catch (const usage::Error&) {
  }
  return 0;
}
