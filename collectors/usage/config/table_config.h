#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/facts/bucket.h"
#include "exporter/config/config.h"

namespace usage {

// A table with a time column. Columns that it lacks have empty names.
struct TableConfig {
  std::string source, table, time, user;
  // Names of the events that are rows, for the journal: every column but time and user is then a
  // dotted path into their fields. Empty for an ordinary table.
  std::vector<std::string> events;
  std::optional<TimeFormat> time_format;  // overrides the source's
  // Columns and the values that a row must have in them to be read.
  std::vector<std::pair<std::string, std::vector<std::string>>> where;
  bool secret = false;  // a value of `where` is from the environment
};

struct OutcomeConfig {
  std::string column;
  bool by_event = false;                      // the event's name takes the column's place
  std::vector<std::string> success, failure;  // if one is empty, it is every other value
  std::vector<std::string>
      start;  // begun and not ended; may be failures too, where rows are paired
};

// How to find the rows of one attempt; see Attempts.
struct AttemptsConfig {
  std::string id;                // a column; empty without one
  std::vector<std::string> key;  // without an id: columns that its rows share
  Duration timeout = std::chrono::minutes(5), echo = std::chrono::milliseconds(250);
};

struct NumberConfig {
  std::string column;
  double scale = 1;  // to seconds or bytes
};

// A number on any scale, to be put on one from 0 to 10.
struct ScaleConfig {
  double min = 0, max = 10;
  std::string max_column;
};

struct DimensionConfig {
  std::string column;
  std::vector<double> buckets;  // upper bounds for a number; empty for a text
  std::string null_as;          // the value for NULL
  std::optional<ScaleConfig> scale;
};

struct FeatureConfig {
  TableConfig uses;
  std::optional<OutcomeConfig> outcome;
  std::string reason, scope;  // columns
  std::optional<NumberConfig> duration, size;
  std::vector<DimensionConfig> dimensions;  // parallel to shape.dimensions
  std::string revoked_at,
      creator;  // columns: a time in the first, or an excluded user in the second, means a failure
  bool latest = false;                     // keep only the last of a user's rows in a bucket
  std::optional<AttemptsConfig> attempts;  // rows are parts of attempts
  bool abandoned = false;                  // keep only the attempts that never ended
  FeatureShape shape;
};

struct UsersConfig {
  struct Condition {
    std::string column;  // empty: none
    std::vector<std::string> values;
    bool operator==(const Condition&) const = default;
  };
  std::string source, table, id, created_at, deleted_at, team, account;
  std::optional<TimeFormat> time_format;
  Condition exclude, eligible;
  bool operator==(const UsersConfig&) const = default;
};

}  // namespace usage
