#include "exporter/exposition/registry.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "exporter/base/format.h"
#include "exporter/exposition/reserved_names.h"

namespace usage {

namespace {

// Every name on the wire, in either format, that belongs to the family alone.
std::vector<std::string> claimed_names(const MetricFamily& family) {
  std::vector<std::string> names{std::string(base_name(family))};
  if (names.front() != family.name) {
    names.push_back(family.name);
  }
  if (family.type == MetricType::histogram) {
    std::ranges::move(series_names(family), std::back_inserter(names));
  }
  return names;
}

std::string owner_of(const MetricProvider& provider, const MetricFamily& family) {
  return provider.coherent ? provider.subject
                           : fmt::format("metric \"{}\" of {}", family.name, provider.subject);
}

void check_family(const MetricProvider& provider, const MetricFamily& family,
                  std::map<std::string, std::string>& owners, Problems& problems) {
  if (provider.position && !why_reserved(family).empty()) {
    return;  // reported where the config was read
  }
  const std::string owner = owner_of(provider, family);
  for (const std::string& name : claimed_names(family)) {
    const auto [taken, fresh] = owners.try_emplace(name, owner);
    if (!fresh && taken->second != owner) {
      problems.add(provider.position ? provider.position(family.name) : Position{},
                   fmt::format("{} clashes with {}: both would write \"{}\"; rename one", owner,
                               taken->second, name));
      return;
    }
  }
}

}  // namespace

Metrics describe(const Registry& registry) {
  Metrics all;
  for (const MetricProvider& provider : registry) {
    std::ranges::move(provider.describe(), std::back_inserter(all));
  }
  return all;
}

Metrics collect(const Registry& registry) {
  Metrics all;
  for (const MetricProvider& provider : registry) {
    if (provider.collect) {
      std::ranges::move(provider.collect(), std::back_inserter(all));
    }
  }
  return all;
}

void check_clashes(const Registry& registry, Problems& problems) {
  std::map<std::string, std::string> owners;  // by the name on the wire
  for (const MetricProvider& provider : registry) {
    for (const MetricFamily& family : provider.describe()) {
      check_family(provider, family, owners, problems);
    }
  }
}

}  // namespace usage
