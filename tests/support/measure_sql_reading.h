#pragma once

#include <string>
#include <vector>

#include "collectors/measures/context/window.h"
#include "collectors/sources/drivers.h"
#include "collectors/usage/usage.h"
#include "exporter/base/log.h"
#include "exporter/base/timestamps.h"
#include "tests/support/measure_sql_comparison.h"

namespace usage::reference {

// A config that reads the tables of a world, which SqlMeasures wrote.
inline UsageConfig config_of(const World& world, const UsageRules& rules,
                             const SourceConfig& source) {
  using std::chrono::days;
  using std::chrono::hours;
  const auto table = [](const std::string& name, const std::string& user) {
    TableConfig read;
    read.source = "app";
    read.table = name;
    read.time = "at";
    read.user = user;
    return read;
  };
  UsageConfig config;
  config.rules = rules;
  config.bucket = world.width;
  config.recount = {{hours(2), {}}, {days(3), hours(1)}, {std::nullopt, days(1)}};
  config.sources = {"app"};
  config.source_configs = {{"app", source}};
  config.global_source = "app";
  config.activity = {table("read_visits", "user_id")};
  config.users.emplace();
  config.users->source = "app";
  config.users->table = "read_people";
  config.users->id = "id";
  config.users->created_at = "created";
  config.users->deleted_at = "deleted";
  config.users->team = "team";
  config.users->exclude = {"internal", {"1"}};
  config.users->eligible = {"eligible", {"1"}};
  for (const auto& [name, shape] : world.shapes) {
    FeatureConfig& feature = config.features.emplace_back();
    feature.shape = shape;
    feature.uses = table("read_" + name, shape.has_users ? "user_id" : "");
    if (shape.has_outcome) {
      OutcomeConfig& outcome = feature.outcome.emplace();
      outcome.column = "success";
      outcome.success = {"1"};
      outcome.failure = {"0"};
    }
    feature.reason = shape.reasons.empty() ? "" : "reason";
    feature.scope = shape.has_scope ? "scope" : "";
    if (!shape.duration_bounds.empty()) feature.duration = {"duration", 1};
    if (!shape.size_bounds.empty()) feature.size = {"size", 1};
    for (const std::string& dimension : shape.dimensions) {
      feature.dimensions.push_back({dimension, {}, "", {}});
    }
  }
  return config;
}

// Lets the collector read the tables, now and at least a day later, after late rows, updates and
// deletes, so that every tier is read. Its numbers must equal the statements over the same tables.
inline void compare_reading_with_sql(const testing::Place& place, std::uint64_t first_seed,
                                     int cases) {
  SqlMeasures sql(place);
  const SystemClock clock;
  Log log(stderr, LogLevel::error, LogFormat::logfmt, clock);
  int done = 0;
  for (std::uint64_t seed = first_seed; done < cases; ++seed) {
    RandomWorld random(seed);
    random.world.has_users_table = true;
    const auto config =
        std::make_shared<const UsageConfig>(config_of(random.world, random.rules, place.config()));
    const auto source = open_source(place.config(), clock);
    const auto collector = plan_usage(config, std::make_shared<UsageState>(UsageOptions()))
                               .make(place.config(), *source);
    Instant now = random.instant();
    for (int step = 0; step < 3; ++step, ++done) {
      if (step > 0) {
        random.change();
        now += std::chrono::hours(25) + (random.instant() - Instant()) % std::chrono::hours(24);
      }
      // On an edge the collector reads the bucket that begins, and no measure looks at it yet.
      if (edge_at_or_before(now, random.world.width) == now) now += Duration(1);
      sql.write(random.world);
      const Collection found =
          collector->collect({now, testing::within(std::chrono::seconds(60)), log, clock});
      ASSERT_EQ(differences(sql.ask(random.world, random.rules, now, true),
                            series_of(found.metrics), step == 0),
                "")
          << "seed " << seed << ", step " << step << " at " << format_rfc3339(now) << " in "
          << random.rules.zone.name();
    }
  }
}

}  // namespace usage::reference
