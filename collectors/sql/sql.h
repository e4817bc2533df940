#pragma once

#include <memory>

#include "collectors/api/collector.h"
#include "collectors/api/source.h"
#include "collectors/sql/config.h"

namespace usage {

// The families of a collector of kind sql on a source with these labels, without samples.
Metrics describe_sql(const SqlConfig& config, const SourceConfig& source);

// The source outlives the collector. Connects to nothing until collect() or check().
std::unique_ptr<Collector> make_sql_collector(std::shared_ptr<const SqlConfig> config,
                                              const SourceConfig& source, const TimeZone& zone,
                                              Source& database);

}  // namespace usage
