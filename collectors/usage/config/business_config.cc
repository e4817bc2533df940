#include "collectors/usage/config/business_config.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "collectors/usage/config/common_keys.h"
#include "collectors/usage/config/event_config.h"
#include "collectors/usage/config/feature_config.h"
#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

using std::chrono::days;

const std::vector<std::string> kViewerKinds{"creator", "member", "external", "bot"};

struct TtlUnit {
  const char* name;
  double seconds;
};
constexpr std::array kTtlUnits{TtlUnit{"h", 3600}, TtlUnit{"s", 1}, TtlUnit{"m", 60},
                               TtlUnit{"d", 86400}};

// An auxiliary table that the mapping names.
FeatureConfig read_table(yaml::Mapping& mapping, const yaml::Node& node, const std::string& name,
                         const std::string& source, const Config& config, Problems& problems) {
  FeatureConfig record;
  record.shape.name = name;
  if (node.is_mapping()) {
    record.uses.source =
        source.empty() || mapping.has("source") ? read_source_name(mapping, config) : source;
    refuse_events(mapping, config, record.uses.source);
    record.uses.table = mapping.require_string("table");
    record.uses.time = mapping.require_string("time");
  }
  record.uses.time_format = read_time_format(mapping, config, record.uses.source);
  read_where(record.uses, mapping, problems);
  return record;
}

void add_dimension(FeatureConfig& record, const std::string& name, DimensionConfig dimension) {
  record.shape.dimensions.push_back(name);
  record.dimensions.push_back(std::move(dimension));
}

double read_positive(yaml::Mapping& mapping, std::string_view key, double fallback) {
  const auto number = mapping.number(key);
  if (number && !(*number > 0 && std::isfinite(*number))) {
    mapping.problem(key, fmt::format("\"{}\" in {} must be more than 0", key, mapping.what()));
  }
  return number.value_or(fallback);
}

void read_ttl(FeatureConfig& made, ArtifactRules& rules, yaml::Mapping& outer, Problems& problems) {
  const yaml::Node* node = outer.find("ttl");
  if (node == nullptr) {
    return;
  }
  yaml::Mapping mapping(*node, fmt::format("\"ttl\" of {}", outer.what()), problems);
  add_dimension(made, auxiliary::kTtl, {mapping.require_string("column"), {}, "", {}});
  std::vector<std::string> names;
  for (const TtlUnit& unit : kTtlUnits) {
    names.emplace_back(unit.name);
  }
  mapping.require("unit");
  if (const auto unit = mapping.choice("unit", names)) {
    rules.ttl_seconds = kTtlUnits[*unit].seconds;
  }
  mapping.finish();
}

bool has_kinds(const yaml::Node* accesses) {
  return accesses != nullptr &&
         (!accesses->is_mapping() ||
          std::any_of(accesses->entries.begin(), accesses->entries.end(),
                      [](const yaml::Entry& entry) { return entry.key.text == "kind"; }));
}

// Some databases have numbers for booleans. is_one_of() knows that, but facts are kept by text.
void add_numbers_of_booleans(std::vector<std::string>& values) {
  const auto add = [&](const char* boolean, const char* number) {
    const bool has = std::find(values.begin(), values.end(), boolean) != values.end();
    if (has && std::find(values.begin(), values.end(), number) == values.end()) {
      values.emplace_back(number);
    }
  };
  add("true", "1");
  add("false", "0");
}

// Reads which values of a column mean which kind of viewer.
void read_kinds(FeatureConfig& accesses, ArtifactRules& rules, yaml::Mapping& outer,
                Problems& problems) {
  const yaml::Node* node = outer.find("kind");
  DimensionConfig dimension{accesses.uses.time, {}, "", {}};  // has one value: unknown
  if (node == nullptr) {
    dimension.buckets = {0};
    add_dimension(accesses, "viewer", std::move(dimension));
    return;
  }
  yaml::Mapping mapping(*node, fmt::format("\"kind\" of {}", outer.what()), problems);
  dimension.column = mapping.require_string("column");
  std::map<std::string, std::string> meanings;  // of values
  for (const std::string& kind : kViewerKinds) {
    if (!mapping.has(kind)) {
      continue;
    }
    std::vector<std::string>& values = rules.kinds[kind] = read_values(mapping, kind, problems);
    add_numbers_of_booleans(values);
    for (const std::string& value : values) {
      const auto [first, is_new] = meanings.emplace(value, kind);
      if (!is_new && first->second != kind) {
        mapping.problem(kind, fmt::format("a value of \"{}\" in {} means \"{}\" already", kind,
                                          mapping.what(), first->second));
      }
    }
  }
  if (rules.kinds.empty() && node->is_mapping()) {
    mapping.problem("", fmt::format("{} says of no value what it means; add some of {}",
                                    mapping.what(), fmt::join(kViewerKinds, ", ")));
  }
  mapping.finish();
  add_dimension(accesses, "viewer", std::move(dimension));
}

void read_accesses(std::vector<FeatureConfig>& records, const FeatureConfig& feature,
                   ArtifactRules& rules, yaml::Mapping& outer, const Config& config,
                   Problems& problems) {
  const yaml::Node* node = outer.find("accesses");
  if (node == nullptr) {
    return;
  }
  yaml::Mapping mapping(*node, fmt::format("\"accesses\" of {}", outer.what()), problems);
  FeatureConfig accesses = read_table(mapping, *node, auxiliary::accesses(feature.shape.name),
                                      feature.uses.source, config, problems);
  if (node->is_mapping()) {
    accesses.uses.user = mapping.require_string("artifact");
  }
  accesses.shape.has_users = accesses.shape.of_artifacts = true;
  read_kinds(accesses, rules, mapping, problems);
  rules.has_accesses = true;
  FeatureConfig viewers = accesses;
  viewers.shape.name = auxiliary::viewers(feature.shape.name);
  viewers.shape.of_artifacts = false;
  viewers.uses.user = read_name(mapping, "viewer");
  rules.has_viewers = !viewers.uses.user.empty();
  mapping.finish();
  records.push_back(std::move(accesses));
  if (rules.has_viewers) {
    records.push_back(std::move(viewers));
  }
}

// Reads whose accesses count. The default may name kinds that no column tells apart.
void read_counted(ArtifactRules& rules, yaml::Mapping& mapping, Problems& problems) {
  const yaml::Node* list = mapping.find("counts_as_access");
  if (list != nullptr) {
    rules.counted = read_values(mapping, "counts_as_access", problems);
  }
  if (rules.kinds.empty()) {
    if (list != nullptr && !has_kinds(mapping.find("accesses"))) {
      mapping.problem(
          "counts_as_access",
          fmt::format("\"counts_as_access\" in {} names kinds of viewer, and nothing says "
                      "who is which; add \"kind\" to \"accesses\"",
                      mapping.what()));
    }
    return;
  }
  std::vector<std::string> known;
  for (const auto& [kind, values] : rules.kinds) {
    known.push_back(kind);
  }
  const auto is_known = [&](const std::string& kind) { return rules.kinds.contains(kind); };
  if (list == nullptr && std::none_of(rules.counted.begin(), rules.counted.end(), is_known)) {
    mapping.problem(
        "accesses",
        fmt::format("nobody's access would count: \"kind\" of \"accesses\" of {} says neither "
                    "who is a \"member\" nor who is \"external\"; add one of them, or "
                    "\"counts_as_access\"",
                    mapping.what()));
  }
  if (list == nullptr) {
    return;
  }
  const bool several = list->kind == yaml::Node::Kind::sequence;
  for (const yaml::Node& item : several ? list->items : std::vector{*list}) {
    if (item.kind == yaml::Node::Kind::scalar && !is_known(item.text)) {
      problems.add(item.position,
                   fmt::format("{} is no kind of viewer that \"accesses\" tells apart{}",
                               yaml::quoted(item), did_you_mean(item.text, known)));
    }
  }
}

Capacity read_capacity(const yaml::Entry& entry, const UsageConfig& usage, Problems& problems) {
  Capacity capacity;
  capacity.resource = entry.key.text;
  yaml::Mapping mapping(entry.value, fmt::format("capacity {}", yaml::quoted(entry.key)), problems);
  if (!entry.value.is_mapping()) {
    return capacity;
  }
  std::vector<std::string> features;
  for (const FeatureConfig& feature : usage.features) {
    features.push_back(feature.shape.name);
  }
  mapping.require("feature");
  // Without features, all of "capacity" was reported already.
  const auto feature = features.empty() ? std::nullopt : mapping.choice("feature", features);
  capacity.feature = feature ? features[*feature] : "";
  mapping.require("measure");
  const auto measure =
      mapping.choice("measure", {"peak_hourly_uses", "uses_per_day", "stored_bytes"});
  capacity.measure = static_cast<CapacityMeasure>(measure.value_or(0));
  if (capacity.measure == CapacityMeasure::stored_bytes && !capacity.feature.empty() &&
      usage.feature(capacity.feature).shape.size_bounds.empty()) {
    mapping.problem("measure",
                    fmt::format("feature \"{}\" does not say how many bytes a use makes; "
                                "give it a \"size\"",
                                capacity.feature));
  }
  mapping.require("limit");
  capacity.limit = read_positive(mapping, "limit", 0);
  mapping.finish();
  return capacity;
}

}  // namespace

void read_artifact(std::vector<FeatureConfig>& records, const FeatureConfig& feature,
                   FeatureRules& rules, yaml::Mapping& outer, const Config& config,
                   Problems& problems) {
  const yaml::Node* node = outer.find("artifact");
  if (node == nullptr) {
    return;
  }
  yaml::Mapping mapping(*node, fmt::format("\"artifact\" of {}", outer.what()), problems);
  refuse_events(mapping, config, feature.uses.source);
  ArtifactRules artifact;
  FeatureConfig made;
  made.uses = feature.uses;
  made.outcome = feature.outcome;
  made.creator = feature.uses.user;
  made.shape.name = auxiliary::artifacts(feature.shape.name);
  made.shape.has_users = made.shape.of_artifacts = made.shape.has_scope = true;
  made.shape.has_outcome = true;
  const std::string token = read_name(mapping, "token"), id = read_name(mapping, "id");
  if (!mapping.has("token") && !mapping.has("id") && node->is_mapping()) {
    mapping.problem("id",
                    fmt::format("{} needs an \"id\" or a \"token\", the column that tells one "
                                "from another",
                                mapping.what()));
  }
  made.uses.user = id.empty() ? token : id;
  made.scope = token.empty() ? id : token;
  made.revoked_at = read_name(mapping, "revoked_at");
  read_ttl(made, artifact, mapping, problems);
  if (mapping.has("access_count")) {
    artifact.has_access_count = true;
    const std::string column = mapping.require_string("access_count");
    add_dimension(made, auxiliary::kAccessed, {column, {0}, "", {}});
    made.size = NumberConfig{column, 1};
    made.shape.size_bounds = {0};
  }
  artifact.mature_after =
      mapping.duration("mature_after", std::chrono::hours(1), days(366)).value_or(days(7));
  read_accesses(records, feature, artifact, mapping, config, problems);
  read_counted(artifact, mapping, problems);
  mapping.finish();
  records.push_back(std::move(made));
  rules.artifact = std::move(artifact);
}

void read_value(FeatureRules& rules, const FeatureConfig& feature, yaml::Mapping& outer,
                Problems& problems) {
  const yaml::Node* list = outer.find("value");
  if (list == nullptr) {
    return;
  }
  if (list->kind != yaml::Node::Kind::sequence || list->items.empty()) {
    outer.problem("value",
                  fmt::format("\"value\" in {} must be a list such as [{{stream: time_saved, "
                              "minutes: 15}}]",
                              outer.what()));
    return;
  }
  for (const yaml::Node& item : list->items) {
    yaml::Mapping mapping(item, fmt::format("an item of \"value\" of {}", outer.what()), problems);
    ValueStream stream;
    stream.name = item.is_mapping() ? mapping.require_string("stream") : "";
    mapping.require("minutes");
    const double minutes = mapping.number("minutes").value_or(0);
    if (!(minutes >= 0) || !std::isfinite(minutes)) {
      mapping.problem("minutes",
                      fmt::format("\"minutes\" in {} must be 0 or more", mapping.what()));
    }
    stream.seconds_per_use = 60 * minutes;
    const auto only = mapping.entries("where");
    if (const yaml::Node* where = mapping.find("where");
        only.empty() && where != nullptr && where->is_mapping()) {
      mapping.problem("where",
                      fmt::format("\"where\" of {} is empty; write a dimension and its values, "
                                  "such as {{format: [csv]}}",
                                  mapping.what()));
    }
    if (only.size() > 1) {
      problems.add(only[1].key.position,
                   fmt::format("\"where\" of {} can name one dimension: how often "
                               "two come together is not kept",
                               mapping.what()));
    }
    for (const auto& [key, value] : only) {
      const auto& known = feature.shape.dimensions;
      stream.dimension = key.text;
      if (std::find(known.begin(), known.end(), key.text) == known.end()) {
        problems.add(key.position, fmt::format("{} is no dimension of {}{}", yaml::quoted(key),
                                               outer.what(), did_you_mean(key.text, known)));
      }
      yaml::Mapping where(*mapping.find("where"), fmt::format("\"where\" of {}", mapping.what()),
                          problems);
      stream.values = read_values(where, key.text, problems);
    }
    const auto same = [&](const ValueStream& other) { return other.name == stream.name; };
    if (!stream.name.empty() && std::any_of(rules.value.begin(), rules.value.end(), same)) {
      mapping.problem("stream",
                      fmt::format("{} has two streams \"{}\"", outer.what(), stream.name));
    }
    mapping.finish();
    rules.value.push_back(std::move(stream));
  }
}

void read_capacities(UsageConfig& usage, yaml::Mapping& mapping, Problems& problems) {
  for (const yaml::Entry& entry : mapping.entries("capacity")) {
    usage.rules.capacities.push_back(read_capacity(entry, usage, problems));
  }
  const auto released = mapping.entries("releases");
  const yaml::Node* node = mapping.find("releases");
  if (released.empty()) {
    return;
  }
  yaml::Mapping releases(*node, "\"releases\"", problems);
  for (const yaml::Entry& entry : released) {
    if (const auto at = read_time(releases, entry.key.text)) {
      usage.rules.releases.push_back({entry.key.text, *at});
    }
  }
}

FeatureConfig read_record(yaml::Mapping& mapping, const yaml::Node& node, const std::string& name,
                          const Config& config, Problems& problems) {
  FeatureConfig record = read_table(mapping, node, name, "", config, problems);
  record.uses.user = read_name(mapping, "user");
  record.shape.has_users = !record.uses.user.empty();
  return record;
}

}  // namespace usage
