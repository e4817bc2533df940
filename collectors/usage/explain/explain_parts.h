#pragma once

#include <set>
#include <string>

#include "collectors/usage/config/usage_config.h"
#include "exporter/config/config.h"

// What usage_explain*.cc share; nothing else includes this.
namespace usage {

// The statements that the facts of these features, of activity and of people are read by; with
// `records` also what these features make, and the business.
std::string statements(const std::set<std::string>& features, bool records, const Config& config,
                       const UsageConfig& usage);

}  // namespace usage
