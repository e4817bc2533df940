#include "exporter/config/sources.h"

#include <algorithm>
#include <string_view>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/strings.h"
#include "exporter/config/drivers.h"
#include "exporter/config/inputs.h"
#include "exporter/config/values.h"
#include "exporter/config/yaml_mapping.h"
#include "exporter/exposition/metric.h"

namespace usage {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

std::string dsn_examples() {
  std::string text;
  for (const DriverInfo& driver : drivers()) {
    text += (text.empty() ? "a URL such as " : " or ") + std::string(driver.example);
  }
  return text;
}

std::vector<std::string> known_schemes() {
  std::vector<std::string> schemes;
  for (const DriverInfo& driver : drivers()) {
    schemes.insert(schemes.end(), driver.schemes.begin(), driver.schemes.end());
  }
  return schemes;
}

// Repeats the scheme in the message only if it surely is one: it may be part of a password.
std::string unknown_scheme(const std::string& what, const std::string& dsn) {
  const std::string scheme = dsn.substr(0, dsn.find(':'));
  const bool is_url =
      dsn.find("://") == scheme.size() &&
      scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+.-") == std::string::npos;
  if (scheme.size() == dsn.size() || (!is_url && closest(scheme, known_schemes()).empty())) {
    return fmt::format("{} must be {}", what, dsn_examples());
  }
  return fmt::format("\"{}\" in {} is no known kind of database{}", scheme, what,
                     did_you_mean(scheme, known_schemes()));
}

// A driver would take a relative path from the folder that the process was started in.
std::string with_resolved_file(const SourceText& file, const std::string& dsn) {
  const std::size_t begin = dsn.find(':') + 1;
  if (begin == dsn.size() || dsn[begin] == '/' || dsn[begin] == ':') {
    return dsn;
  }
  return dsn.substr(0, begin) + resolve_path(file, dsn.substr(begin));
}

void set_dsn(DatabaseConfig& database, const std::string& what, const yaml::Node& node,
             const SourceText& stands_in, const std::string& text, Problems& problems) {
  const std::size_t colon = text.find(':');
  const DriverInfo* const driver = driver_of_scheme(text.substr(0, colon));
  database.driver = driver == nullptr ? "" : driver->name;
  if (driver == nullptr || colon == std::string::npos) {
    problems.add(node.position, node.secret
                                    ? fmt::format("{} must be {}; it comes from the environment",
                                                  what, dsn_examples())
                                    : unknown_scheme(what, text));
    return;
  }
  // A path from the environment stands in no file: it is the caller's, as the shell sees it.
  const bool relative = driver->names_file && !node.secret;
  database.dsn = Secret(relative ? with_resolved_file(stands_in, text) : text);
}

void read_dsn(DatabaseConfig& database, yaml::Mapping& mapping, const yaml::Node& node,
              const Position& position, Problems& problems) {
  for (const auto& [key, value] : node.entries) {
    if (key.text == "dsn") {
      hide_value(key, problems);
    }
  }
  const yaml::Node* dsn = mapping.find("dsn");
  const yaml::Node* file = mapping.find("dsn_file");
  if (dsn != nullptr && file != nullptr) {
    mapping.problem(
        "dsn_file",
        fmt::format("{} has both \"dsn\" and \"dsn_file\"; keep one of them", mapping.what()));
    return;
  }
  const std::size_t before = problems.size();
  if (dsn != nullptr || file == nullptr) {
    if (dsn == nullptr && node.is_mapping()) {
      problems.add(position, fmt::format("{} lacks the key \"dsn\" (or \"dsn_file\"): {}",
                                         mapping.what(), dsn_examples()));
      return;
    }
    const std::string text = mapping.require_string("dsn");
    if (dsn != nullptr && problems.size() == before) {
      set_dsn(database, fmt::format("\"dsn\" in {}", mapping.what()), *dsn, *dsn->position.file,
              text, problems);
    }
    return;
  }
  const std::string path = mapping.require_string("dsn_file");
  if (problems.size() != before) {
    return;
  }
  if (!may_read_files(*file->position.file)) {
    mapping.problem("dsn_file", "a built-in config reads no other files");
    return;
  }
  try {
    const auto content =
        yaml::read_file(file->secret ? path : resolve_path(*file->position.file, path));
    set_dsn(database, fmt::format("the content of \"dsn_file\" in {}", mapping.what()), *file,
            *content, std::string(trim(content->text)), problems);
  } catch (const Error& error) {
    mapping.problem("dsn_file", file->secret
                                    ? fmt::format("cannot read \"dsn_file\" in {}, a path from "
                                                  "the environment",
                                                  mapping.what())
                                    : error.what());
  }
}

DatabaseConfig read_database(yaml::Mapping& mapping, const yaml::Node& node,
                             const Position& position, Problems& problems) {
  DatabaseConfig database;
  read_dsn(database, mapping, node, position, problems);
  if (const yaml::Node* file = mapping.find("password_file")) {
    database.password_file = mapping.require_string("password_file");
    if (!database.password_file.empty() && !file->secret) {
      database.password_file = resolve_path(*file->position.file, database.password_file);
    }
  }
  return database;
}

// What the source is, for a message; empty for an unknown database.
std::string kind_of(const SourceConfig& source) {
  return source.log() != nullptr      ? "a log"
         : source.ingest() != nullptr ? "one that clients send events to"
                                      : source.database()->driver;
}

void refuse_keys_of_other_drivers(const SourceConfig& source, yaml::Mapping& mapping) {
  const std::string kind = kind_of(source);
  if (kind.empty()) {
    return;
  }
  std::map<std::string_view, std::string> takers;  // key → names of drivers
  for (const DriverInfo& driver : drivers()) {
    for (const std::string_view key : driver.keys) {
      takers[key] += (takers[key].empty() ? "" : " and ") + std::string(driver.name);
    }
  }
  for (const auto& [key, names] : takers) {
    if (mapping.has(key) && !takes_key(source, key)) {
      mapping.problem(key, fmt::format("\"{}\" in {} is only for {} databases, and this one is {}; "
                                       "remove it",
                                       key, mapping.what(), names, kind));
    }
  }
}

}  // namespace

bool takes_key(const SourceConfig& source, std::string_view key) {
  const DatabaseConfig* const database = source.database();
  const DriverInfo* const driver = database == nullptr ? nullptr : find_driver(database->driver);
  return driver != nullptr && std::ranges::find(driver->keys, key) != driver->keys.end();
}

SourceConfig read_source(const yaml::Node& key, const yaml::Node& value, Problems& problems) {
  check_name(key, "source", problems);
  SourceConfig source;
  source.name = key.text;
  source.position = key.position;
  yaml::Mapping mapping(value, fmt::format("source {}", yaml::quoted(key)), problems);
  if (!read_input(source, mapping, problems)) {
    source.input = read_database(mapping, value, source.position, problems);
  }
  source.labels = mapping.string_map("labels");
  for (const auto& [name, text] : mapping.entries("labels")) {
    if (!valid_label_name(name.text)) {
      problems.add(
          name.position,
          fmt::format("{} is no label name; use letters, digits and \"_\", beginning with a "
                      "letter",
                      yaml::quoted(name)));
    }
  }
  source.timeout = mapping.duration("timeout", milliseconds(1), hours(24)).value_or(source.timeout);
  source.connect_timeout = mapping.duration("connect_timeout", milliseconds(1), hours(1))
                               .value_or(source.connect_timeout);
  source.lock_timeout =
      mapping.duration("lock_timeout", milliseconds(1), hours(1)).value_or(source.lock_timeout);
  source.max_gap = mapping.duration("max_gap", std::chrono::minutes(1), hours(24 * 366));
  const bool pgbouncer = mapping.boolean("pgbouncer").value_or(false);
  if (auto* const database = std::get_if<DatabaseConfig>(&source.input)) {
    database->pgbouncer = pgbouncer;
  }
  if (const auto zone = read_time_zone(mapping, "naive_time_zone", problems)) {
    source.naive_time_zone = zone->name();
  }
  if (const auto choice = mapping.choice("time_format", {"text", "iso8601", "unix", "unix_ms"})) {
    source.time_format = static_cast<TimeFormat>(*choice);
  }
  refuse_keys_of_other_drivers(source, mapping);
  mapping.finish();
  return source;
}

}  // namespace usage
