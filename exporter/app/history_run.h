#pragma once

#include <memory>
#include <string>

#include "collectors/usage/config/usage_config.h"
#include "collectors/usage/usage_state.h"

// Shared by the verbs that evaluate the past: `backfill` and `report`.
namespace usage {

// The part of the config about features. Throws Error(config) if it has none.
UsageConfig read_features_of(const std::string& config_file);

// Reads the tables into memory, so that every instant of the interval, both ends included, can be
// evaluated. Returns nullptr when a source failed, after logging it. Throws Error as load_plan().
std::shared_ptr<UsageState> read_past(const std::string& config_file, const Interval& instants,
                                      Log& log);

}  // namespace usage
