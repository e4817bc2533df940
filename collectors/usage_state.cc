#include "collectors/usage_state.h"

#include <set>

namespace usage {

void UsageState::adopt(const std::shared_ptr<const UsageConfig>& config, Log& log) {
  const std::scoped_lock lock(shared_.mutex);
  if (adopted_ == config) {
    return;
  }
  if (!adopted_ && !options_.complete && options_.storage_path.empty()) {
    log.info(
        "facts are kept in memory alone and are read anew at every start; "
        "--storage.path keeps them");
  }
  fit_tables(*config);
  adopted_ = config;
}

void UsageState::fit_tables(const UsageConfig& config) {
  Facts& facts = shared_.facts;
  if (facts.bucket_width != config.bucket) {
    tables_.clear();
    facts.features.clear();
    facts.bucket_width = config.bucket;
    facts.activity = Activity(config.bucket);
  }
  std::set<std::string> named{kActivity};
  const auto fit = [&](const std::string& name, const std::string& print, auto&& forget) {
    TableProgress& table = tables_[name];
    if (table.fingerprint != print) {
      table = {};
      table.fingerprint = print;
      forget();
    }
  };
  fit(kActivity, activity_fingerprint(config.activity, config.bucket),
      [&] { facts.activity = Activity(config.bucket); });
  for (const FeatureConfig& feature : config.features) {
    const std::string& name = feature.shape.name;
    named.insert(name);
    fit(name, fingerprint(feature, config.bucket), [&] {
      facts.features.erase(name);
      facts.features.emplace(name, FeatureFacts(feature.shape, config.bucket));
    });
  }
  std::erase_if(facts.features, [&](const auto& entry) { return !named.contains(entry.first); });
  std::erase_if(tables_, [&](const auto& entry) { return !named.contains(entry.first); });
  if (!config.users) {
    facts.population = {};
  }
}

void UsageState::read(const std::string& table, const Interval& interval, Instant at) {
  tables_.at(table).log.read(interval, shared_.facts.bucket_width, at);
}

void UsageState::commit() {}

}  // namespace usage
