#include "collectors/collectors.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "collectors/sources/drivers.h"
#include "collectors/sql/sql.h"
#include "collectors/usage/usage.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

CollectorPlan plan_sql(const Config& config, const CollectorConfig& collector, Problems& problems) {
  auto sql = std::make_shared<const SqlConfig>(read_sql_config(collector, problems));
  const TimeZone zone(config.timezone);
  return {.config = collector,
          .describe = [sql](const SourceConfig& source) { return describe_sql(*sql, source); },
          .make =
              [sql, zone](const SourceConfig& source, Source& database) {
                return make_sql_collector(sql, source, zone, database);
              }};
}

struct Kind {
  std::string_view name;
  CollectorPlan (*plan)(const Config&, const CollectorConfig&, Problems&);
};

constexpr std::array kKinds{
    Kind{"sql", plan_sql},
};

Position metric_position(const CollectorConfig& collector, const std::string& metric) {
  for (const auto& [key, value] : collector.body.entries) {
    for (const auto& [name, body] : value.entries) {
      if (key.text == "metrics" && name.text == metric) {
        return name.position;
      }
    }
  }
  return collector.position;
}

// Every name on the wire, in either format, that belongs to the family alone.
std::vector<std::string> claimed_names(const MetricFamily& family) {
  std::vector<std::string> names{std::string(base_name(family))};
  if (names.front() != family.name) {
    names.push_back(family.name);
  }
  if (family.type == MetricType::histogram) {
    for (const char* suffix : {"_bucket", "_sum", "_count"}) {
      names.push_back(family.name + suffix);
    }
  }
  return names;
}

class ClashCheck {
 public:
  explicit ClashCheck(Problems& problems) : problems_(problems) {}

  void add(const CollectorConfig& collector, const MetricFamily& family) {
    add(collector, family,
        fmt::format("metric \"{}\" of collector \"{}\"", family.name, collector.name));
  }

  // `owner` names the family in messages; families of the same owner never clash.
  void add(const CollectorConfig& collector, const MetricFamily& family, const std::string& owner) {
    for (const std::string& name : claimed_names(family)) {
      const auto [taken, fresh] = owners_.try_emplace(name, owner);
      if (!fresh && taken->second != owner) {
        problems_.add(metric_position(collector, family.name),
                      fmt::format("{} clashes with {}: both would write \"{}\"; rename one", owner,
                                  taken->second, name));
        return;
      }
    }
  }

 private:
  Problems& problems_;
  std::map<std::string, std::string> owners_;
};

void check_source_labels(const CollectorConfig& collector, const SourceConfig& source,
                         const MetricFamily& family, Problems& problems) {
  for (const auto& [label, value] : source.labels) {
    const bool bucket_label = family.type == MetricType::histogram && label == "le";
    if (bucket_label ||
        std::count(family.label_names.begin(), family.label_names.end(), label) > 1) {
      problems.add(metric_position(collector, family.name),
                   fmt::format("metric \"{}\" has the label \"{}\", which source \"{}\" adds too; "
                               "rename one",
                               family.name, label, source.name));
    }
  }
}

void check_dsns(const Config& config, Problems& problems) {
  const SystemClock clock;
  for (const SourceConfig& source : config.sources) {
    if (source.database() != nullptr && source.database()->driver.empty()) {
      continue;  // reported by load_config
    }
    try {
      open_source(source, clock);  // reads the DSN and connects to nothing
    } catch (const Error& error) {
      problems.add(source.position, fmt::format("source \"{}\": {}", source.name, error.what()));
    }
  }
}

// A plan's families against those of all others, and against its sources' labels.
void check_plan(const Config& config, const CollectorPlan& plan, ClashCheck& clashes,
                Problems& problems) {
  const CollectorConfig& collector = plan.config;
  bool first = true;
  for (const SourceConfig& source : config.sources) {
    if (std::find(collector.sources.begin(), collector.sources.end(), source.name) ==
        collector.sources.end()) {
      continue;
    }
    for (const MetricFamily& family : plan.describe(source)) {
      check_source_labels(collector, source, family, problems);
      if (first) {
        clashes.add(collector, family);
      }
    }
    first = false;
  }
}

}  // namespace

std::vector<CollectorPlan> plan_collectors(const Config& config, Problems& problems,
                                           std::shared_ptr<UsageState> usage) {
  check_dsns(config, problems);
  std::vector<CollectorPlan> plans;
  ClashCheck clashes(problems);
  const auto features = std::make_shared<const UsageConfig>(read_usage_config(config, problems));
  if (!features->features.empty() && !features->sources.empty()) {
    if (!usage) {
      usage = std::make_shared<UsageState>(UsageOptions{.storage_path = "", .complete = true});
    }
    plans.push_back(plan_usage(features, usage));
    plans.back().config.body = config.usage;  // tells a reload whether the series mean the same
    // Source labels are not on its series, which may come from several sources together.
    for (const MetricFamily& family :
         plans.back().describe(config.source(features->sources.front()))) {
      clashes.add(plans.back().config, family, "the metrics of \"features\"");
    }
  }
  for (const CollectorConfig& collector : config.collectors) {
    if (!collector.body.is_mapping()) {
      continue;  // reported by load_config
    }
    if (!features->features.empty() && collector.name == "usage") {
      problems.add(collector.position,
                   "\"usage\" is the collector that reads \"features\"; rename this one");
    }
    const auto kind = std::find_if(kKinds.begin(), kKinds.end(),
                                   [&](const Kind& k) { return k.name == collector.kind; });
    if (kind == kKinds.end()) {
      std::vector<std::string> names;
      for (const Kind& known : kKinds) {
        names.emplace_back(known.name);
      }
      yaml::Mapping mapping(collector.body, "collector", problems);
      mapping.problem("kind", fmt::format("there is no collector kind {}{}",
                                          yaml::quoted(*mapping.find("kind")),
                                          did_you_mean(collector.kind, names)));
      continue;
    }
    plans.push_back(kind->plan(config, collector, problems));
    check_plan(config, plans.back(), clashes, problems);
  }
  return plans;
}

}  // namespace usage
