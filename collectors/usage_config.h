#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/facts/bucket.h"
#include "collectors/measures/usage_rules.h"
#include "exporter/config.h"
#include "exporter/problems.h"

namespace usage {

// A table with a time column, as far as any reader needs it. Empty column names: not there.
struct TableConfig {
  std::string source, table, time, user;
  std::optional<TimeFormat> time_format;  // SQLite: instead of the source's
  // Columns with the values of the rows that count; every other row is as if it were not there.
  std::vector<std::pair<std::string, std::vector<std::string>>> where;
  bool secret = false;  // a value of `where` is from the environment
};

struct OutcomeConfig {
  std::string column;
  std::vector<std::string> success, failure;  // one may be empty: then everything else is it
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
  FeatureShape shape;
};

struct UsersConfig {
  struct Condition {
    std::string column;  // empty: none
    std::vector<std::string> values;
  };
  std::string source, table, id, created_at, deleted_at, team, account;
  std::optional<TimeFormat> time_format;
  Condition exclude, eligible;
};

// Where the first rung is shorter than a bucket, young buckets are read in slices so long.
inline constexpr Duration kSlice = std::chrono::minutes(5);

// How often buckets younger than so much are read again; the last rung is for all that is kept.
struct Rung {
  std::optional<Duration> younger_than;
  Duration every{};
  bool operator==(const Rung&) const = default;
};

// A number of the weekly report under a name of the config's own.
struct ReportKey {
  std::string key;
  std::string subject;    // a feature or a combination; empty: the product
  std::string figure;     // of product_figures() and the like (report.h), or empty:
  std::string most_used;  // the dimension whose most used value it is
};
struct ReportGroup {
  std::string name;
  std::vector<ReportKey> keys;
};

// What the config says about features.
struct UsageConfig {
  std::vector<FeatureConfig> features;  // shape.name is the feature's; in file order
  std::vector<FeatureConfig> records;   // what is no feature's uses: see Facts::records
  std::optional<UsersConfig> users;
  std::vector<TableConfig> activity;  // all of one source
  UsageRules rules;
  std::vector<ReportGroup> report;
  std::vector<Rung> recount;  // youngest first
  Duration refresh = std::chrono::minutes(1);
  Duration stale_after = std::chrono::minutes(5);
  Duration history = std::chrono::days(400);
  Duration bucket = std::chrono::hours(1);

  std::vector<std::string> sources;  // those that are read: that of the users, then as in Config
  std::string global_source;         // its job publishes what belongs to no single feature

  const FeatureConfig& feature(const std::string& name) const;  // exists
  std::vector<const FeatureConfig*> tables() const;             // features and records
};

// Reads Config::usage. What is wrong goes to `problems`; the result is usable only if there was
// nothing. Connects to nothing.
UsageConfig read_usage_config(const Config& config, Problems& problems);

// Names everything that the facts of the feature, or of the activity, were read with: when it
// differs, they must be read anew. Holds no secret.
std::string fingerprint(const FeatureConfig& feature, Duration bucket);
std::string activity_fingerprint(const std::vector<TableConfig>& activity, Duration bucket);

}  // namespace usage
