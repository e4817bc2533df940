#include "exporter/config/ingest.h"

#include <algorithm>

#include "exporter/base/format.h"
#include "exporter/config/values.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

constexpr std::size_t kShortestKey = 8;
constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;

void read_key(IngestConfig& ingest, const yaml::Node& item, const std::string& what,
              Problems& problems) {
  for (const auto& [key, value] : item.entries) {
    if (key.text == "key") {
      hide_value(key, problems);
    }
  }
  yaml::Mapping mapping(item, fmt::format("a key of {}", what), problems);
  IngestConfig::Key key;
  key.name = mapping.require_string("name");
  const std::size_t before = problems.size();
  const std::string text = mapping.require_string("key");
  if (problems.size() == before && text.size() < kShortestKey) {
    mapping.problem("key",
                    fmt::format("\"key\" in {} is shorter than {} characters; make one with: "
                                "openssl rand -hex 16",
                                mapping.what(), kShortestKey));
  }
  const auto same_name = [&](const IngestConfig::Key& other) { return other.name == key.name; };
  if (std::any_of(ingest.keys.begin(), ingest.keys.end(), same_name)) {
    mapping.problem("name", fmt::format("two keys of {} have this name", what));
  }
  mapping.finish();
  key.key = Secret(text);
  ingest.keys.push_back(std::move(key));
}

void read_keys(IngestConfig& ingest, yaml::Mapping& mapping, Problems& problems) {
  const yaml::Node* const keys = mapping.find("keys");
  if (keys == nullptr || keys->kind != yaml::Node::Kind::sequence || keys->items.empty()) {
    mapping.problem("keys",
                    fmt::format("{} needs \"keys\", a list with at least one such as {{name: web, "
                                "key: \"${{USAGE_WRITE_KEY}}\"}}: without a key it does not start",
                                mapping.what()));
    return;
  }
  for (const yaml::Node& item : keys->items) {
    read_key(ingest, item, mapping.what(), problems);
  }
}

void read_origins(IngestConfig& ingest, yaml::Mapping& mapping) {
  ingest.allow_origins = mapping.strings("allow_origins");
  for (const std::string& origin : ingest.allow_origins) {
    const std::size_t scheme = origin.find("://");
    if (origin != "*" &&
        (scheme == std::string::npos || origin.find('/', scheme + 3) != std::string::npos)) {
      mapping.problem(
          "allow_origins",
          fmt::format("\"allow_origins\" in {} must list origins such as "
                      "https://app.example.com, without a path; or \"*\" for every page",
                      mapping.what()));
      return;
    }
  }
}

}  // namespace

void read_ingest(SourceConfig& source, const std::string& what, const yaml::Node& node,
                 Problems& problems) {
  yaml::Mapping mapping(node, fmt::format("\"ingest\" of {}", what), problems);
  IngestConfig ingest;
  read_keys(ingest, mapping, problems);
  if (mapping.has("listen_address")) {
    ingest.listen_address = mapping.require_string("listen_address");
    if (ingest.listen_address.find(':') == std::string::npos) {
      mapping.problem(
          "listen_address",
          fmt::format("\"listen_address\" in {} must be host:port, such as 127.0.0.1:9109",
                      mapping.what()));
    }
  }
  read_origins(ingest, mapping);
  if (const auto bytes = mapping.integer("max_event_bytes", kKiB, kMiB)) {
    ingest.max_event_bytes = static_cast<std::size_t>(*bytes);
  }
  if (const auto bytes = mapping.integer("max_batch_bytes", kKiB, 16 * kMiB)) {
    ingest.max_batch_bytes = static_cast<std::size_t>(*bytes);
  }
  mapping.finish();
  source.time_format = TimeFormat::unix_ms;
  source.input = std::move(ingest);
}

void refuse_shared_keys(const Config& config, Problems& problems) {
  std::vector<std::pair<std::string, const SourceConfig*>> seen;  // key → source
  for (const SourceConfig& source : config.sources) {
    for (const IngestConfig::Key& key :
         source.ingest() ? source.ingest()->keys : std::vector<IngestConfig::Key>()) {
      const auto same = std::find_if(seen.begin(), seen.end(), [&](const auto& other) {
        return other.first == key.key.reveal();
      });
      if (same != seen.end()) {
        problems.add(
            source.position,
            fmt::format("key \"{}\" of source \"{}\" is also one of source \"{}\": a key says "
                        "which source an event is for; give each its own",
                        key.name, source.name, same->second->name));
      }
      seen.emplace_back(key.key.reveal(), &source);
    }
  }
}

}  // namespace usage
