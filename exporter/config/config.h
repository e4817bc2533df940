#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/base/diagnostics.h"
#include "exporter/base/secret.h"
#include "exporter/config/schedule.h"
#include "exporter/config/yaml.h"

namespace usage {

// How a bound instant is written for SQLite, which has no time type of its own.
enum class TimeFormat {
  text,     // "2026-11-25 08:00:00", what CURRENT_TIMESTAMP writes; the default
  iso8601,  // "2026-11-25T08:00:00Z"
  unix,     // seconds
  unix_ms,  // milliseconds
};

// Files of JSON lines. Fields are named by dotted paths, which are tried in turn.
struct LogConfig {
  std::vector<std::string> paths;  // globs; absolute, or as the config's own path is
  std::vector<std::string> event, time, user;
  std::size_t max_line_bytes = 1 << 20;            // longer lines are skipped and counted
  Duration rotate_wait = std::chrono::seconds(5);  // what is still written to a renamed file
  bool from_beginning = true;                      // of files that are there at the first start
};

// Events that clients send over HTTP.
struct IngestConfig {
  struct Key {
    std::string name;
    Secret key;
  };
  std::vector<Key> keys;                      // at least one
  std::string listen_address;                 // empty: where the exporter listens
  std::vector<std::string> allow_origins;     // of pages whose browsers may send; "*" is any
  std::size_t max_event_bytes = 32 * 1024;    // of what is kept of one event
  std::size_t max_batch_bytes = 1024 * 1024;  // of one request, inflated
};

// Tables, read by SQL.
struct DatabaseConfig {
  std::string driver = {};  // DriverInfo::name, by the DSN's scheme; empty when that is not known
  Secret dsn = {};
  std::string password_file = {};  // re-read at every connect; empty: none
  bool pgbouncer = false;          // no session state, no named prepared statements
};

struct SourceConfig {
  std::string name;
  std::variant<DatabaseConfig, LogConfig, IngestConfig> input;
  // The SQLite file where the events of logs and clients lie; set when the plan is made.
  std::string journal;
  std::map<std::string, std::string> labels;
  Duration timeout = std::chrono::seconds(10);  // of one run, unless the collector has its own
  Duration connect_timeout = std::chrono::seconds(5);
  Duration lock_timeout = std::chrono::seconds(1);
  std::optional<Duration> max_gap;      // longest time without a new row that is normal
  std::string naive_time_zone = "UTC";  // of timestamps without a zone
  TimeFormat time_format = TimeFormat::text;
  Position position;

  // nullptr for another input. What has no database is read from the journal.
  const DatabaseConfig* database() const { return std::get_if<DatabaseConfig>(&input); }
  const LogConfig* log() const { return std::get_if<LogConfig>(&input); }
  const IngestConfig* ingest() const { return std::get_if<IngestConfig>(&input); }
};

// The keys that every kind of collector has. The kind reads the rest of `body` in its own file.
struct CollectorConfig {
  std::string name;
  std::string kind = "sql";
  std::vector<std::string> sources;  // one job each; at least one
  Schedule schedule;
  Duration timeout{};      // of one run on one source; from the collector, else from the source (0)
  Duration stale_after{};  // after the last success, a failing collector's series vanish
  std::size_t max_series = 10'000;
  yaml::Node body;  // the whole mapping, common keys included
  Position position;
};

struct Config {
  std::string path;
  std::string timezone = "UTC";  // where calendar days and weeks begin; IANA name
  std::vector<SourceConfig> sources;
  std::vector<CollectorConfig> collectors;
  // The sections about features, as one mapping; null without any. The usage collector reads them.
  yaml::Node usage;
  // Everything that was read, of all files, as YAML for people. Left out are DSNs, anything from
  // the environment, text in quotes within SQL, and the values that say which people are excluded.
  std::string shown;

  const SourceConfig& source(const std::string& name) const;  // exists: load_config checked it
};

// Reads `path` and the files it includes (globs, relative to the including file). Adds everything
// that is wrong to `problems`; the result is usable only if there are none. Connects to nothing.
Config load_config(const std::string& path, Problems& problems);

// Reads a text, for the embedded demo config and tests; includes are relative to the current
// directory. `name` takes the path's place in messages. If it begins with '<', no other file is
// read: `include` and `dsn_file` are then problems.
Config load_config_text(const std::string& name, const std::string& text, Problems& problems);

}  // namespace usage
