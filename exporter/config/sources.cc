#include <algorithm>
#include <array>
#include <string_view>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/strings.h"
#include "exporter/config/parts.h"
#include "exporter/exposition/metric.h"

namespace usage {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::string_view kDsnExample =
    "a URL such as sqlite:/var/lib/app.db or postgresql://user@host:5432/db";

// Only what surely is a scheme may be repeated in a message.
std::string unknown_scheme(const std::string& what, const std::string& dsn) {
  const std::string scheme = dsn.substr(0, dsn.find(':'));
  const bool is_url =
      dsn.find("://") == scheme.size() &&
      scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+.-") == std::string::npos;
  if (scheme.size() == dsn.size() || (!is_url && closest(scheme, known_schemes()).empty())) {
    return fmt::format("{} must be {}", what, kDsnExample);
  }
  return fmt::format("\"{}\" in {} is no known kind of database{}", scheme, what,
                     did_you_mean(scheme, known_schemes()));
}

// SQLite would take a relative path from wherever the process was started.
std::string with_resolved_file(const SourceText& file, const std::string& dsn) {
  constexpr std::string_view kScheme = "sqlite:";
  const std::string path = dsn.substr(std::min(kScheme.size(), dsn.size()));
  if (!dsn.starts_with(kScheme) || path.empty() || path.front() == '/' || path.front() == ':') {
    return dsn;
  }
  return std::string(kScheme) + resolve_path(file, path);
}

void set_dsn(SourceConfig& source, const std::string& what, const yaml::Node& node,
             const SourceText& stands_in, const std::string& text, Problems& problems) {
  source.driver = driver_of_scheme(text.substr(0, text.find(':')));
  if (source.driver.empty() || text.find(':') == std::string::npos) {
    problems.add(
        node.position,
        node.secret ? fmt::format("{} must be {}; it comes from the environment", what, kDsnExample)
                    : unknown_scheme(what, text));
    return;
  }
  // A path from the environment stands in no file: it is the caller's, as the shell sees it.
  source.dsn = Secret(node.secret ? text : with_resolved_file(stands_in, text));
}

void read_dsn(SourceConfig& source, yaml::Mapping& mapping, const yaml::Node& node,
              Problems& problems) {
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
      problems.add(source.position, fmt::format("{} lacks the key \"dsn\" (or \"dsn_file\"): {}",
                                                mapping.what(), kDsnExample));
      return;
    }
    const std::string text = mapping.require_string("dsn");
    if (dsn != nullptr && problems.size() == before) {
      set_dsn(source, fmt::format("\"dsn\" in {}", mapping.what()), *dsn, *dsn->position.file, text,
              problems);
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
    set_dsn(source, fmt::format("the content of \"dsn_file\" in {}", mapping.what()), *file,
            *content, std::string(trim(content->text)), problems);
  } catch (const Error& error) {
    mapping.problem("dsn_file", file->secret
                                    ? fmt::format("cannot read \"dsn_file\" in {}, a path from "
                                                  "the environment",
                                                  mapping.what())
                                    : error.what());
  }
}

void refuse_keys_of_other_drivers(const SourceConfig& source, yaml::Mapping& mapping) {
  struct Key {
    std::string_view name, driver;
  };
  constexpr std::array<Key, 4> kKeys{{{"password_file", "postgresql"},
                                      {"pgbouncer", "postgresql"},
                                      {"naive_time_zone", "postgresql"},
                                      {"time_format", "sqlite"}}};
  for (const auto& [name, driver] : kKeys) {
    if (!source.driver.empty() && source.driver != driver && mapping.has(name)) {
      mapping.problem(name,
                      fmt::format("\"{}\" in {} is only for {} databases, and this one is {}; "
                                  "remove it",
                                  name, mapping.what(), driver,
                                  source.log      ? "a log"
                                  : source.ingest ? "one that clients send events to"
                                                  : source.driver));
    }
  }
}

}  // namespace

// Every line is hidden: the first, and those that are indented below it.
void hide_value(const yaml::Node& key, Problems& problems) {
  std::string_view rest = key.position.file->text;
  Position position = key.position;
  for (std::size_t line = 1; !rest.empty(); ++line) {
    const std::string_view text = rest.substr(0, rest.find('\n'));
    const std::size_t indent = text.find_first_not_of(" \r");
    position.line = line;
    if (line > key.position.line && indent < key.position.column) {
      return;
    }
    if (line >= key.position.line) {
      problems.hide_line(position);
    }
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
  }
}

std::string driver_of_scheme(std::string_view scheme) {
  if (scheme == "sqlite") {
    return "sqlite";
  }
  return scheme == "postgresql" || scheme == "postgres" ? "postgresql" : "";
}

const std::vector<std::string>& known_schemes() {
  static const std::vector<std::string> kSchemes{"sqlite", "postgresql", "postgres"};
  return kSchemes;
}

SourceConfig read_source(const yaml::Node& key, const yaml::Node& value, Problems& problems) {
  check_name(key, "source", problems);
  SourceConfig source;
  source.name = key.text;
  source.position = key.position;
  yaml::Mapping mapping(value, fmt::format("source {}", yaml::quoted(key)), problems);
  if (!read_input(source, mapping, problems)) {
    read_dsn(source, mapping, value, problems);
  }
  if (const yaml::Node* node = mapping.find("password_file")) {
    source.password_file = mapping.require_string("password_file");
    if (!source.password_file.empty() && !node->secret) {
      source.password_file = resolve_path(*node->position.file, source.password_file);
    }
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
  source.pgbouncer = mapping.boolean("pgbouncer").value_or(source.pgbouncer);
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
