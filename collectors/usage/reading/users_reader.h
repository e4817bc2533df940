#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "collectors/api/collector.h"
#include "collectors/api/source.h"
#include "collectors/facts/feature_facts.h"
#include "collectors/usage/config/usage_config.h"
#include "collectors/usage/reading/rows.h"
#include "collectors/usage/reading/shared_facts.h"

namespace usage {

// Reads the users table, whole. Immutable.
class UsersReader {
 public:
  UsersReader(const UsersConfig& config, const SourceConfig& source);

  std::string sql() const { return select_.sql(); }

  // Replaces the population of the facts. Returns the number of rows.
  std::uint64_t read(Source& source, Deadline deadline, SharedFacts& shared) const;
  ColumnCheck check(Source& source, Deadline deadline) const;

 private:
  UserAttributes attributes_of(std::span<const Value> row, Population& population) const;

  UsersConfig config_;
  TimeFormat time_format_;
  Select select_;
  std::size_t id_ = 0;
  std::optional<std::size_t> created_at_, deleted_at_, team_, account_, exclude_, eligible_;
};

}  // namespace usage
