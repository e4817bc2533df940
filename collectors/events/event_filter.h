#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "exporter/base/json.h"

namespace usage {

// What of the events of a source is kept: those of these names, each with what these dotted paths
// lead to. Nothing else is.
using EventFilter = std::map<std::string, std::set<std::string>>;

// JournalEvent::fields: the scalars that `at` finds, as a flat JSON object. What is an array or an
// object is left out.
void write_fields(const std::set<std::string>& paths,
                  const std::function<std::optional<json::Value>(const std::string&)>& at,
                  std::string& fields);

}  // namespace usage
