#include "collectors/collectors.h"

#include <algorithm>
#include <array>
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

// Those of the collector's sources that are configured, in the order of the config.
std::vector<const SourceConfig*> sources_of(const Config& config, const CollectorPlan& plan) {
  std::vector<const SourceConfig*> found;
  for (const SourceConfig& source : config.sources) {
    if (std::ranges::find(plan.config.sources, source.name) != plan.config.sources.end()) {
      found.push_back(&source);
    }
  }
  return found;
}

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

void check_labels_of_sources(const Config& config, const CollectorPlan& plan, Problems& problems) {
  for (const SourceConfig* source : sources_of(config, plan)) {
    for (const MetricFamily& family : plan.describe(*source)) {
      check_source_labels(plan.config, *source, family, problems);
    }
  }
}

}  // namespace

std::vector<CollectorPlan> plan_collectors(const Config& config, Problems& problems,
                                           std::shared_ptr<UsageState> usage) {
  check_dsns(config, problems);
  std::vector<CollectorPlan> plans;
  const auto features = std::make_shared<const UsageConfig>(read_usage_config(config, problems));
  if (!features->features.empty() && !features->sources.empty()) {
    if (!usage) {
      usage = std::make_shared<UsageState>(UsageOptions{.storage_path = "", .complete = true});
    }
    plans.push_back(plan_usage(features, usage));
    plans.back().config.body = config.usage;  // tells a reload whether the series mean the same
    // Source labels are not on its series, which may come from several sources together.
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
    check_labels_of_sources(config, plans.back(), problems);
  }
  return plans;
}

MetricProvider provider_of(const CollectorPlan& plan, const Config& config) {
  const CollectorConfig& collector = plan.config;
  const bool coherent = !plan.publishes.empty();
  return {.id = "collector-" + collector.name,
          .title = fmt::format("Collector {}", collector.name),
          .about = fmt::format("From {}.", fmt::join(collector.sources, ", ")),
          .subject = coherent ? plan.publishes : fmt::format("collector \"{}\"", collector.name),
          .coherent = coherent,
          .describe =
              [&plan, &config] {
                const auto sources = sources_of(config, plan);
                return sources.empty() ? Metrics() : plan.describe(*sources.front());
              },
          .position =
              [&collector](std::string_view family) {
                return metric_position(collector, std::string(family));
              }};
}

}  // namespace usage
