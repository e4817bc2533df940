#include "exporter/config/inputs.h"

#include "exporter/base/format.h"
#include "exporter/config/ingest.h"
#include "exporter/config/values.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::int64_t kLeastLine = 1024;
constexpr std::int64_t kLongestLine = 64 << 20;

// The fields of common loggers: python-json-logger, structlog, loguru, pino and winston.
const std::vector<std::string> kEventPaths{"event", "record.extra.event"};
const std::vector<std::string> kTimePaths{"timestamp", "time", "@timestamp", "asctime",
                                          "record.time.timestamp"};
const std::vector<std::string> kUserPaths{"user_id", "userId", "user.id", "record.extra.user_id"};

std::vector<std::string> read_paths(yaml::Mapping& mapping, std::string_view key,
                                    const std::vector<std::string>& fallback) {
  if (!mapping.has(key)) {
    return fallback;
  }
  const std::vector<std::string> paths = mapping.strings(key);
  for (const std::string& path : paths) {
    if (path.empty() || path.front() == '.' || path.back() == '.') {
      mapping.problem(
          key, fmt::format("\"{}\" in {} must be a dotted path such as \"record.extra.event\", "
                           "or a list of such",
                           key, mapping.what()));
      return fallback;
    }
  }
  return paths.empty() ? fallback : paths;
}

void read_log(SourceConfig& source, yaml::Mapping& outer, const yaml::Node& node,
              Problems& problems) {
  yaml::Mapping mapping(node, fmt::format("\"log\" of {}", outer.what()), problems);
  LogConfig log;
  if (node.is_mapping() && mapping.require("paths") != nullptr) {
    log.paths = mapping.strings("paths");
    if (log.paths.empty()) {
      mapping.problem("paths",
                      fmt::format("\"paths\" in {} is empty; list the files to read, such as "
                                  "/var/log/app/events.json*",
                                  mapping.what()));
    }
    for (std::string& path : log.paths) {
      path = resolve_path(*node.position.file, path);
    }
  }
  log.event = read_paths(mapping, "event", kEventPaths);
  log.time = read_paths(mapping, "time", kTimePaths);
  log.user = read_paths(mapping, "user", kUserPaths);
  if (const auto bytes = mapping.integer("max_line_bytes", kLeastLine, kLongestLine)) {
    log.max_line_bytes = static_cast<std::size_t>(*bytes);
  }
  log.rotate_wait =
      mapping.duration("rotate_wait", Duration(0), hours(1)).value_or(log.rotate_wait);
  if (const auto choice = mapping.choice("start_at", {"beginning", "end"})) {
    log.from_beginning = *choice == 0;
  }
  if (const auto zone = read_time_zone(mapping, "naive_time_zone", problems)) {
    source.naive_time_zone = zone->name();
  }
  mapping.finish();
  source.time_format = TimeFormat::unix_ms;
  source.input = std::move(log);
}

}  // namespace

bool read_input(SourceConfig& source, yaml::Mapping& mapping, Problems& problems) {
  const yaml::Node* log = mapping.find("log");
  const yaml::Node* ingest = mapping.find("ingest");
  if (log == nullptr && ingest == nullptr) {
    return false;
  }
  const char* const kind = log != nullptr ? "log" : "ingest";
  for (const char* key : {"dsn", "dsn_file", "ingest"}) {
    if (mapping.has(key) && std::string_view(key) != kind) {
      mapping.problem(key, fmt::format("{} has both \"{}\" and \"{}\"; make two sources of it",
                                       mapping.what(), kind, key));
    }
  }
  if (log != nullptr) {
    read_log(source, mapping, *log, problems);
  } else {
    read_ingest(source, mapping.what(), *ingest, problems);
  }
  return true;
}

}  // namespace usage
