#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/diagnostics.h"
#include "exporter/exposition/metric.h"

namespace usage {

// Something that publishes families: a collector, or a part of the exporter itself.
struct MetricProvider {
  std::string id;     // of its section of /definitions: "collector-exports"
  std::string title;  // of that section, and of that of docs/METRICS.md: "Collector exports"
  std::string about;  // a sentence below the title; may be empty
  // Its name in error messages: "collector \"exports\"". If `coherent`, it stands for all of the
  // families together, which are known not to clash with each other.
  std::string subject;
  bool coherent = false;
  // Every family that it can publish, without samples that mean anything. Any thread.
  std::function<Metrics()> describe;
  // Its families with their samples of now. Any thread. Collectors have none: their jobs publish
  // through the Publisher, on a schedule.
  std::function<Metrics()> collect{};
  // Where the config names a family. The exporter's own parts have none.
  std::function<Position(std::string_view family)> position{};
};

// Everything that one process publishes. Whoever has to know all of it iterates this: the page,
// /definitions, `check`, the check for clashes and docs/METRICS.md.
using Registry = std::vector<MetricProvider>;

Metrics describe(const Registry& registry);
Metrics collect(const Registry& registry);

// Adds a problem, at its place in the config, for each family that would write a name of a family
// that stands before it in the registry, in either format.
void check_clashes(const Registry& registry, Problems& problems);

}  // namespace usage
