#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collectors/api/collector.h"
#include "collectors/api/source.h"
#include "collectors/facts/feature_facts.h"
#include "collectors/usage/config/usage_config.h"
#include "collectors/usage/reading/found.h"
#include "collectors/usage/reading/rows.h"
#include "collectors/usage/reading/shared_facts.h"

namespace usage {

// Reads the tables that say who was active. Immutable.
class ActivityReader {
 public:
  ActivityReader(const std::vector<TableConfig>& tables, const SourceConfig& source);

  std::vector<std::string> sql() const;                                   // one statement per table
  std::vector<Query> queries(const Interval& interval, bool bulk) const;  // what read() scans

  Found<IdSet> read(Source& source, const Interval& interval, Duration width, bool bulk,
                    Deadline deadline, SharedFacts& shared) const;
  std::optional<Instant> oldest(Source& source, Instant from, Deadline deadline) const;
  std::vector<ColumnCheck> check(Source& source, Instant now, Deadline deadline) const;

 private:
  std::vector<TableConfig> tables_;
  SourceConfig source_;
  std::vector<Select> selects_;
};

}  // namespace usage
