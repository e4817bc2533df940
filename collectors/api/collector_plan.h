#pragma once

#include <functional>
#include <memory>
#include <string>

#include "collectors/api/collector.h"
#include "collectors/api/source.h"
#include "exporter/config/config.h"

namespace usage {

// A collector whose config was read and found good, not yet tied to a source.
struct CollectorPlan {
  CollectorConfig config;
  // What messages call its families, which are known not to clash with each other; empty: they are
  // called by their own names, and are compared.
  std::string publishes = {};
  std::function<Metrics(const SourceConfig&)> describe;  // as Collector::describe
  // The source outlives the collector. Connects to nothing.
  std::function<std::unique_ptr<Collector>(const SourceConfig&, Source&)> make;
};

}  // namespace usage
