#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/facts/bucket.h"
#include "exporter/config/config.h"

// Part of usage_config.h: what is read of a table.
namespace usage {

// A table with a time column, as far as any reader needs it. Empty column names: not there.
struct TableConfig {
  std::string source, table, time, user;
  // Of the journal: only these are rows, and every column but time and user is a dotted path into
  // their fields. Empty: an ordinary table.
  std::vector<std::string> events;
  std::optional<TimeFormat> time_format;  // SQLite: instead of the source's
  // Columns with the values of the rows that count; every other row is as if it were not there.
  std::vector<std::pair<std::string, std::vector<std::string>>> where;
  bool secret = false;  // a value of `where` is from the environment
};

struct OutcomeConfig {
  std::string column;
  bool by_event = false;                      // instead of a column: the event's name
  std::vector<std::string> success, failure;  // one may be empty: then everything else is it
  std::vector<std::string>
      start;  // begun and not ended; may be failures too, where rows are paired
};

// Which rows tell of one attempt: see Attempts.
struct AttemptsConfig {
  std::string id;                // the attempt's own; empty: none
  std::vector<std::string> key;  // where there is no id: what its rows have in common
  Duration timeout = std::chrono::minutes(5), echo = std::chrono::milliseconds(250);
};

struct NumberConfig {
  std::string column;
  double scale = 1;  // to seconds or bytes
};

// A number on a scale of its own, put on one from 0 to 10.
struct ScaleConfig {
  double min = 0, max = 10;
  std::string max_column;
};

struct DimensionConfig {
  std::string column;
  std::vector<double> buckets;  // of a number: upper bounds; empty: the column's text
  std::string null_as;          // the value for NULL
  std::optional<ScaleConfig> scale;
};

struct FeatureConfig {
  TableConfig uses;
  std::optional<OutcomeConfig> outcome;
  std::string reason, scope;  // columns
  std::optional<NumberConfig> duration, size;
  std::vector<DimensionConfig> dimensions;  // parallel to shape.dimensions
  std::string revoked_at, creator;  // columns: a time, or somebody excluded, makes it a failure
  bool latest = false;              // of a user's rows in a bucket only the last one is read
  std::optional<AttemptsConfig> attempts;  // rows are parts of attempts
  bool abandoned = false;                  // of the attempts, those that never ended are read
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
