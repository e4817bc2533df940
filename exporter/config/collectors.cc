#include "exporter/config/collectors.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/config/values.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kYear = hours(24 * 366);

constexpr std::array<std::string_view, 11> kCommonKeys{
    "kind",   "source",       "sources", "interval",    "cron",      "timezone",
    "jitter", "run_at_start", "timeout", "stale_after", "max_series"};

const SourceConfig* find_source(const Config& config, const std::string& name) {
  const auto found = std::find_if(config.sources.begin(), config.sources.end(),
                                  [&](const SourceConfig& source) { return source.name == name; });
  return found == config.sources.end() ? nullptr : &*found;
}

std::vector<std::string> source_names(const Config& config) {
  std::vector<std::string> names;
  for (const SourceConfig& source : config.sources) {
    names.push_back(source.name);
  }
  return names;
}

std::string label_names(const SourceConfig& source) {
  std::string names;
  for (const auto& [name, value] : source.labels) {
    names += (names.empty() ? "" : ", ") + name;
  }
  return names.empty() ? "none" : names;
}

bool same_label_names(const SourceConfig& a, const SourceConfig& b) {
  return std::equal(a.labels.begin(), a.labels.end(), b.labels.begin(), b.labels.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first; });
}

// Series of several sources are in one family, so their labels must differ.
void check_labels(const std::vector<const SourceConfig*>& sources, yaml::Mapping& mapping) {
  for (std::size_t i = 1; i < sources.size(); ++i) {
    if (!same_label_names(*sources[0], *sources[i])) {
      mapping.problem("sources",
                      fmt::format("the sources of {} need labels of the same names: \"{}\" has {}, "
                                  "\"{}\" has {}",
                                  mapping.what(), sources[0]->name, label_names(*sources[0]),
                                  sources[i]->name, label_names(*sources[i])));
      return;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (sources[j]->labels == sources[i]->labels) {
        mapping.problem(
            "sources",
            fmt::format("the sources \"{}\" and \"{}\" of {} would write the same series; "
                        "give each its own \"labels\", for example {{region: eu}}",
                        sources[j]->name, sources[i]->name, mapping.what()));
        return;
      }
    }
  }
}

// The names in `source` or `sources`, each with its node.
std::vector<const yaml::Node*> named_sources(yaml::Mapping& mapping, Problems& problems) {
  const yaml::Node* one = mapping.find("source");
  const yaml::Node* many = mapping.find("sources");
  if (one != nullptr && many != nullptr) {
    mapping.problem(
        "sources",
        fmt::format("{} has both \"source\" and \"sources\"; keep one of them", mapping.what()));
    return {};
  }
  if (one != nullptr) {
    return mapping.string("source") ? std::vector{one} : std::vector<const yaml::Node*>();
  }
  if (many == nullptr) {
    return {};
  }
  if (many->kind != yaml::Node::Kind::sequence) {
    mapping.problem("sources",
                    fmt::format("\"sources\" in {} must be a list such as [app, archive]; "
                                "for one database use \"source\"",
                                mapping.what()));
    return {};
  }
  if (many->items.empty()) {
    mapping.problem("sources", fmt::format("\"sources\" in {} names no source", mapping.what()));
  }
  std::vector<const yaml::Node*> nodes;
  for (const yaml::Node& item : many->items) {
    if (yaml::as_string(item, fmt::format("an item of \"sources\" in {}", mapping.what()),
                        problems)) {
      nodes.push_back(&item);
    }
  }
  return nodes;
}

void read_sources(CollectorConfig& collector, yaml::Mapping& mapping, const Config& config,
                  bool complete, Problems& problems) {
  if (!mapping.has("source") && !mapping.has("sources")) {
    named_sources(mapping, problems);  // so that both keys are known
    if (collector.body.is_mapping()) {
      problems.add(collector.position,
                   fmt::format("{} lacks the key \"source\" (or \"sources\"), the "
                               "name of the database to read",
                               mapping.what()));
    }
    return;
  }
  std::vector<const SourceConfig*> found;
  for (const yaml::Node* node : named_sources(mapping, problems)) {
    const SourceConfig* source = find_source(config, node->text);
    if (source == nullptr) {
      if (complete) {
        problems.add(node->position, fmt::format("{} reads the source {}, which is not defined{}",
                                                 mapping.what(), yaml::quoted(*node),
                                                 did_you_mean(node->text, source_names(config))));
      }
      continue;
    }
    if (std::find(found.begin(), found.end(), source) != found.end()) {
      problems.add(node->position, fmt::format("{} names the source {} twice", mapping.what(),
                                               yaml::quoted(*node)));
      continue;
    }
    found.push_back(source);
    collector.sources.push_back(source->name);
  }
  check_labels(found, mapping);
}

void read_cron(Schedule& schedule, yaml::Mapping& mapping, const yaml::Node& node) {
  const std::string text = mapping.require_string("cron");
  if (text.empty()) {
    return;
  }
  try {
    schedule.cron.emplace(text);
  } catch (const Error& error) {
    mapping.problem("cron", yaml::may_show(node)
                                ? std::string(error.what())
                                : fmt::format("\"cron\" in {} is no cron expression of five fields",
                                              mapping.what()));
  }
}

// The longest time between two runs of a sample; nullopt if it never runs. The sample begins at a
// fixed instant, so that a config means the same at every start.
std::optional<Duration> longest_gap(const Cron& cron, const TimeZone& zone) {
  constexpr int kRuns = 16;
  std::optional<Instant> last =
      cron.next(Instant(std::chrono::sys_days(std::chrono::year(2024) / 1 / 1)), zone);
  std::optional<Duration> longest;
  for (int i = 0; last && i < kRuns; ++i) {
    const std::optional<Instant> next = cron.next(*last, zone);
    if (!next) {
      break;
    }
    longest = std::max(longest.value_or(Duration{}), *next - *last);
    last = next;
  }
  return longest;
}

void read_schedule(CollectorConfig& collector, yaml::Mapping& mapping, const Config& config,
                   Problems& problems) {
  Schedule& schedule = collector.schedule;
  const yaml::Node* cron = mapping.find("cron");
  const auto interval = mapping.duration("interval", seconds(1), kYear);
  if (cron != nullptr && mapping.has("interval")) {
    mapping.problem("cron", fmt::format("{} has both \"interval\" and \"cron\"; keep one of them",
                                        mapping.what()));
  }
  if (cron != nullptr) {
    read_cron(schedule, mapping, *cron);
  } else {
    schedule.interval = interval.value_or(minutes(1));
  }
  if (mapping.has("timezone") && cron == nullptr) {
    mapping.problem("timezone",
                    fmt::format("\"timezone\" in {} is the zone of \"cron\", and there is "
                                "none; remove it",
                                mapping.what()));
  }
  if (const auto zone = read_time_zone(mapping, "timezone", problems)) {
    schedule.zone = *zone;
  } else {
    schedule.zone = TimeZone(config.timezone);
  }
  schedule.jitter = mapping.duration("jitter", Duration{}, kYear).value_or(Duration{});
  if (schedule.interval && schedule.jitter >= *schedule.interval) {
    mapping.problem("jitter",
                    fmt::format("\"jitter\" in {} must be less than \"interval\", which is {}",
                                mapping.what(), format_duration(*schedule.interval)));
  }
  schedule.run_at_start = mapping.boolean("run_at_start").value_or(true);
  Duration fresh = minutes(5);
  if (schedule.interval) {
    fresh = std::max<Duration>(5 * *schedule.interval, fresh);
  } else if (schedule.cron) {
    const auto gap = longest_gap(*schedule.cron, schedule.zone);
    if (!gap) {
      mapping.problem("cron",
                      fmt::format("\"cron\" in {} names a day that does not come within five "
                                  "years",
                                  mapping.what()));
    }
    fresh = std::max<Duration>(2 * gap.value_or(Duration{}), fresh);
  }
  collector.stale_after = mapping.duration("stale_after", seconds(1), 10 * kYear).value_or(fresh);
}

}  // namespace

void mark_common_keys(yaml::Mapping& mapping) {
  for (const std::string_view key : kCommonKeys) {
    mapping.find(key);
  }
}

CollectorConfig read_collector(const yaml::Node& key, const yaml::Node& value, const Config& config,
                               bool complete, Problems& problems) {
  check_name(key, "collector", problems);
  CollectorConfig collector;
  collector.name = key.text;
  collector.position = key.position;
  collector.body = value;
  yaml::Mapping mapping(value, fmt::format("collector {}", yaml::quoted(key)), problems);
  if (mapping.has("kind")) {
    collector.kind = mapping.require_string("kind");
  }
  read_sources(collector, mapping, config, complete, problems);
  read_schedule(collector, mapping, config, problems);
  collector.timeout = mapping.duration("timeout", milliseconds(1), hours(24)).value_or(Duration{});
  if (const auto series = mapping.integer("max_series", 1, 1'000'000)) {
    collector.max_series = static_cast<std::size_t>(*series);
  }
  return collector;
}

}  // namespace usage
