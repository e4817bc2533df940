#include "exporter/config/config.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <set>
#include <stdexcept>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/strings.h"
#include "exporter/config/collectors.h"
#include "exporter/config/ingest.h"
#include "exporter/config/redact.h"
#include "exporter/config/sources.h"
#include "exporter/config/values.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

using Entries = std::vector<yaml::Entry>;

// Keys of the usage collector that only the main file may have.
constexpr std::array<std::string_view, 12> kUsageKeys{
    "windows", "population", "privacy",  "week_start", "recount",     "refresh",
    "history", "bucket",     "business", "releases",   "stale_after", "report"};

std::string escape_glob(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    escaped += std::string_view("*?[\\").find(c) == std::string_view::npos ? "" : "\\";
    escaped += c;
  }
  return escaped;
}

std::string identity(const std::string& path) {
  std::error_code failed;
  const std::filesystem::path canonical = std::filesystem::weakly_canonical(path, failed);
  return failed ? path : canonical.string();
}

// Gathers the sections of all files; finish() then reads sources and collectors.
class Loader {
 public:
  Loader(Config& config, Problems& problems) : config_(config), problems_(problems) {}

  void read(const std::shared_ptr<const SourceText>& file, bool main) {
    const std::size_t before = problems_.size();
    const yaml::Node root = yaml::parse(file, problems_);
    if (root.kind == yaml::Node::Kind::null && problems_.size() != before) {
      complete_ = false;
      return;
    }
    if (root.kind == yaml::Node::Kind::null && !main) {
      return;  // an included file whose lines are all comments
    }
    if (root.kind != yaml::Node::Kind::null) {
      yaml::Mapping mapping(root, main ? "the config" : "an included file", problems_);
      complete_ = complete_ && root.is_mapping();
      check_version(mapping);
      if (main) {
        if (const auto zone = read_time_zone(mapping, "timezone", problems_)) {
          config_.timezone = zone->name();
        }
      } else if (mapping.find("timezone") != nullptr) {
        mapping.problem("timezone", "\"timezone\" belongs in the main file: it holds for all");
      }
      gather(mapping, "sources", "source", sources_);
      gather(mapping, "collectors", "collector", collectors_);
      gather(mapping, "features", "feature", features_);
      gather(mapping, "combinations", "combination", combinations_);
      gather(mapping, "phases", "phase", phases_);
      gather(mapping, "targets", "target", targets_);
      gather(mapping, "capacity", "resource", capacity_);
      read_usage_keys(mapping, root, main);
      find_mistyped_sections(root);
      read_includes(mapping, *file);
      mapping.finish();
    }
  }

  void finish(const std::shared_ptr<const SourceText>& main) {
    if (complete_ && sources_.empty() && !sources_mistyped_) {
      problems_.add({main, 0, 0},
                    "no \"sources\" are defined; name the databases to read, for example\n"
                    "  sources: {app: {dsn: \"sqlite:/var/lib/app.db\"}}");
    }
    if (complete_ && collectors_.empty() && features_.empty() && !collectors_mistyped_) {
      problems_.add(
          {main, 0, 0},
          "no \"collectors\" and no \"features\" are defined; say what to read, for example\n"
          "  collectors: {users: {source: app, query: \"SELECT count(*) AS n FROM "
          "users\", metrics: {app_users: {help: All users., value: n}}}}");
    }
    for (const auto& [key, value] : sources_) {
      config_.sources.push_back(read_source(key, value, problems_));
    }
    refuse_shared_keys(config_, problems_);
    for (const auto& [key, value] : collectors_) {
      config_.collectors.push_back(
          read_collector(key, value, config_, complete_ && !sources_.empty(), problems_));
    }
    add_usage_section("features", "feature", features_);
    add_usage_section("combinations", "combination", combinations_);
    add_usage_section("phases", "phase", phases_);
    add_usage_section("targets", "target", targets_);
    add_usage_section("capacity", "resource", capacity_);
    show();
    if (!config_.usage.entries.empty()) {
      config_.usage.kind = yaml::Node::Kind::mapping;
      config_.usage.position = {main, 0, 0};
    }
  }

  void enter(const std::string& path) {
    open_.push_back(path);
    seen_.insert(identity(path));
  }

 private:
  void check_version(yaml::Mapping& mapping) {
    const std::size_t before = problems_.size();
    const auto version = mapping.integer("version", 0, std::numeric_limits<std::int64_t>::max());
    if (problems_.size() == before && version && *version != 1) {
      mapping.problem("version",
                      fmt::format("\"version\" must be 1, the only version of this grammar, "
                                  "not {}",
                                  *version));
    }
  }

  void read_usage_keys(yaml::Mapping& mapping, const yaml::Node& root, bool main) {
    for (const std::string_view key : kUsageKeys) {
      if (mapping.find(key) != nullptr && !main) {
        mapping.problem(key, fmt::format("\"{}\" belongs in the main file: it holds for all", key));
      }
    }
    for (const yaml::Entry& entry : root.entries) {
      if (main && entry.key.text == "timezone") {
        shown_.entries.push_back(entry);
      }
      if (main &&
          std::find(kUsageKeys.begin(), kUsageKeys.end(), entry.key.text) != kUsageKeys.end()) {
        config_.usage.entries.push_back(entry);
      }
    }
  }

  void add_usage_section(const std::string& name, std::string_view noun, const Entries& entries) {
    if (entries.empty()) {
      return;
    }
    for (const yaml::Entry& entry : entries) {
      check_name(entry.key, noun, problems_);
    }
    config_.usage.entries.push_back(section_of(name, entries));
  }

  static yaml::Entry section_of(const std::string& name, const Entries& entries) {
    yaml::Entry section;
    section.key.kind = yaml::Node::Kind::scalar;
    section.key.plain = true;
    section.key.text = name;
    section.value.kind = yaml::Node::Kind::mapping;
    section.value.position = section.key.position = entries.front().key.position;
    section.value.entries = entries;
    return section;
  }

  void show() {
    if (!sources_.empty()) {
      shown_.entries.push_back(section_of("sources", sources_));
    }
    std::ranges::copy(config_.usage.entries, std::back_inserter(shown_.entries));
    if (!collectors_.empty()) {
      shown_.entries.push_back(section_of("collectors", collectors_));
    }
    config_.shown = shown_config(shown_, config_);
  }

  // A mistyped section is reported as an unknown key. Do not report it as missing, too.
  void find_mistyped_sections(const yaml::Node& root) {
    for (const auto& [key, value] : root.entries) {
      sources_mistyped_ = sources_mistyped_ || is_nearly(key.text, "sources");
      collectors_mistyped_ = collectors_mistyped_ || is_nearly(key.text, "collectors") ||
                             is_nearly(key.text, "features");
    }
  }

  static bool is_nearly(const std::string& word, const std::string& section) {
    return word != section && !closest(word, {section}).empty();
  }

  void gather(yaml::Mapping& mapping, std::string_view section, std::string_view noun,
              Entries& all) {
    const yaml::Node* node = mapping.find(section);
    if (node == nullptr || node->kind == yaml::Node::Kind::null) {
      return;  // the same as none; finish() says so when no file has any
    }
    const yaml::Mapping checked(*node, fmt::format("\"{}\"", section), problems_);
    complete_ = complete_ && node->is_mapping();
    for (const auto& entry : node->entries) {
      const auto first = std::find_if(all.begin(), all.end(), [&](const auto& other) {
        return other.key.text == entry.key.text;
      });
      if (first != all.end()) {
        problems_.add(
            entry.key.position,
            fmt::format("{} {} is defined in {}:{} already", noun, yaml::quoted(entry.key),
                        first->key.position.file->path, first->key.position.line));
        continue;
      }
      all.push_back(entry);
    }
  }

  void read_includes(yaml::Mapping& mapping, const SourceText& file) {
    const yaml::Node* node = mapping.find("include");
    if (node == nullptr) {
      return;
    }
    if (!may_read_files(file)) {
      mapping.problem("include", "a built-in config includes no other files");
      return;
    }
    if (node->kind != yaml::Node::Kind::sequence) {
      mapping.strings("include");
      if (node->kind == yaml::Node::Kind::scalar) {
        include(*node, file);
      }
      return;
    }
    for (const yaml::Node& item : node->items) {
      if (yaml::as_string(item, "an item of \"include\"", problems_)) {
        include(item, file);
      }
    }
  }

  void include(const yaml::Node& item, const SourceText& file) {
    const std::string folder = resolve_path(file, "");
    const bool relative = !item.text.starts_with('/');
    const std::vector<std::string> paths =
        glob_paths((relative ? escape_glob(folder) : "") + item.text);
    if (paths.empty() && item.text.find_first_of("*?[") == std::string::npos) {
      complete_ = false;
      problems_.add(item.position,
                    fmt::format("the included file {} does not exist; paths are relative "
                                "to the file they stand in",
                                yaml::quoted(item)));
    }
    for (const std::string& path : paths) {
      include_file(path, item.position);
    }
  }

  void include_file(const std::string& path, const Position& position) {
    const auto open = std::find_if(open_.begin(), open_.end(), [&](const std::string& other) {
      return identity(other) == identity(path);
    });
    if (open != open_.end()) {
      std::string chain;
      for (auto step = open; step != open_.end(); ++step) {
        chain += *step + " includes ";
      }
      problems_.add(position, fmt::format("files include each other: {}{}", chain, *open));
      return;
    }
    if (!seen_.insert(identity(path)).second) {
      return;
    }
    try {
      const auto file = yaml::read_file(path);
      open_.push_back(path);
      read(file, false);
      open_.pop_back();
    } catch (const Error& error) {
      complete_ = false;
      problems_.add(position, error.what());
    }
  }

  Config& config_;
  Problems& problems_;
  Entries sources_;
  Entries collectors_;
  Entries features_;
  Entries combinations_;
  Entries phases_;
  Entries targets_;
  Entries capacity_;
  yaml::Node shown_;               // for Config::shown
  std::vector<std::string> open_;  // the files being read, each included by the one before it
  std::set<std::string> seen_;     // by identity
  bool sources_mistyped_ = false;
  bool collectors_mistyped_ = false;  // or features
  bool complete_ = true;              // no file failed, so nothing is missing for that reason
};

Config load(const std::shared_ptr<const SourceText>& file, bool on_disk, Problems& problems) {
  Config config;
  config.path = file->path;
  Loader loader(config, problems);
  if (on_disk) {
    loader.enter(file->path);
  }
  loader.read(file, true);
  loader.finish(file);
  return config;
}

}  // namespace

const SourceConfig& Config::source(const std::string& name) const {
  const auto found = std::find_if(sources.begin(), sources.end(),
                                  [&](const SourceConfig& source) { return source.name == name; });
  if (found == sources.end()) {
    throw std::logic_error("no source of this name: " + name);
  }
  return *found;
}

Config load_config(const std::string& path, Problems& problems) {
  try {
    return load(yaml::read_file(path), true, problems);
  } catch (const Error& error) {
    problems.add({}, error.what());
    return {};
  }
}

Config load_config_text(const std::string& name, const std::string& text, Problems& problems) {
  return load(std::make_shared<const SourceText>(SourceText{name, text}), false, problems);
}

}  // namespace usage
