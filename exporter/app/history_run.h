#pragma once

#include <memory>
#include <string>

#include "collectors/usage/config/usage_config.h"
#include "collectors/usage/usage_state.h"

// What the verbs share that speak of the past: `backfill` and `report`.
namespace usage {

// What the config says about features. Error(config) where it says nothing.
UsageConfig read_features_of(const std::string& config_file);

// Reads the tables into memory, so that every instant of the interval, both ends included, can be
// told. nullptr when a source failed, which the log has said. Throws Error as load_plan does.
std::shared_ptr<UsageState> read_past(const std::string& config_file, const Interval& instants,
                                      Log& log);

}  // namespace usage
