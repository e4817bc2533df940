#pragma once

#include <optional>
#include <string>

#include "collectors/facts/facts.h"
#include "collectors/usage/config/usage_config.h"
#include "exporter/config/config.h"

namespace usage {

struct ExplainQuestion {
  std::string measure;                 // a family's name
  std::optional<std::string> feature;  // else all that have it
  std::optional<std::string> window;   // else those of the config; also one that is not in it
};

// What a number means and how it came about, for people: definition, bounds of the windows, values
// with what they are made of, and the statements that the facts were read by. Error(config) when
// there is no such measure, feature or window.
std::string explain(const ExplainQuestion& question, const Config& config, const UsageConfig& usage,
                    const Facts& facts, Instant at, bool live);

// The same of a target: what it wants, what is, when it is due, and the verdict. Error(config) when
// there is no such target.
std::string explain_target(const std::string& id, const Config& config, const UsageConfig& usage,
                           const Facts& facts, Instant at, bool live);

}  // namespace usage
