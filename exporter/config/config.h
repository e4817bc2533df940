#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
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

struct SourceConfig {
  std::string name;
  std::string driver;  // from the DSN's scheme: "sqlite", "postgresql"; or "log", "ingest"
  Secret dsn;          // of a database
  std::optional<LogConfig> log;
  std::optional<IngestConfig> ingest;
  // Where the events of a log lie, for readers; set when the plan is made. Empty: a database.
  std::string journal;
  std::string password_file;  // re-read at every connect; empty: none
  std::map<std::string, std::string> labels;
  Duration timeout = std::chrono::seconds(10);  // of one run, unless the collector has its own
  Duration connect_timeout = std::chrono::seconds(5);
  Duration lock_timeout = std::chrono::seconds(1);
  std::optional<Duration> max_gap;      // longest time without a new row that is normal
  bool pgbouncer = false;               // no session state, no named prepared statements
  std::string naive_time_zone = "UTC";  // of timestamps without a zone
  TimeFormat time_format = TimeFormat::text;
  Position position;

  // Whether it is read from events of the journal, not from tables.
  bool reads_journal() const { return driver == "log" || driver == "ingest"; }
  bool uses_sqlite_dialect() const { return driver == "sqlite" || reads_journal(); }
};

// What every kind of collector has. The kind reads the rest of `body` in its own file.
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
  // The sections about features, as one mapping; null where there are none. What they mean is read
  // by the usage collector.
  yaml::Node usage;
  // Everything that was read, of all files, as YAML for people: without any DSN, anything from the
  // environment, text in quotes within SQL, and the values that say which people are left out.
  std::string shown;

  const SourceConfig& source(const std::string& name) const;  // exists: load_config checked it
};

// The keys that CollectorConfig takes from a collector's mapping; kinds must know them as known.
void mark_common_keys(yaml::Mapping& mapping);

// The driver that a DSN's scheme names: "postgres" gives "postgresql"; empty for an unknown scheme.
std::string driver_of_scheme(std::string_view scheme);
const std::vector<std::string>& known_schemes();

// Reads `path` and what it includes (globs, relative to the including file). Everything wrong goes
// to `problems`; the result is usable only if there are none. Connects to nothing.
Config load_config(const std::string& path, Problems& problems);

// The same from text, for the embedded demo config and tests; includes are relative to the current
// directory. `name` stands in messages where the path would. A name that begins with '<' promises
// that no other file is read: `include` and `dsn_file` are then problems.
Config load_config_text(const std::string& name, const std::string& text, Problems& problems);

}  // namespace usage
