#include "exporter/base/format.h"
#include "tests/support/measure_reference.h"

namespace usage::reference {

namespace {

Instant bucket_of(Instant time, Duration width) {
  return Instant(time.time_since_epoch() / width * width);
}

void read_people(const World& world, Facts& facts) {
  Population& population = facts.population;
  population.has_users_table = world.has_users_table;
  population.attributes.assign(population.attributes.size(), {});
  for (const Person& person : world.people) {
    const UserId id = facts.users.id_of(person.id);
    if (population.attributes.size() <= id) population.attributes.resize(id + 1);
    UserAttributes& user = population.attributes[id];
    user = {.known = true,
            .excluded = person.excluded,
            .eligible = person.eligible,
            .created_at = person.created_at,
            .deleted_at = person.deleted_at,
            .team = {},
            .account = {}};
    if (person.team) user.team = population.teams.id_of(*person.team);
  }
}

std::map<Instant, Bucket> buckets_of(const World& world, const std::string& name,
                                     const Interval& interval, Facts& facts) {
  const FeatureShape& shape = world.shapes.at(name);
  std::map<Instant, Bucket> buckets;
  for (const Row& row : world.rows.at(name)) {
    if (row.time < interval.from || row.time >= interval.to) continue;
    Fact fact;
    fact.time = row.time;
    if (row.user) fact.user = *row.user;
    fact.success = row.success;
    fact.reason = row.reason;
    const std::vector<std::string_view> values(row.dimensions.begin(), row.dimensions.end());
    fact.dimensions = values;
    if (row.scope) fact.scope = *row.scope;
    fact.duration_seconds = row.duration;
    fact.size_bytes = row.size;
    const auto bucket = buckets.try_emplace(bucket_of(row.time, world.width), shape).first;
    bucket->second.add(fact, shape, facts.users, facts.features.at(name).names());
  }
  return buckets;
}

void add_series(Series& series, const std::string& name, const std::vector<std::string>& labels,
                double value) {
  std::string key = name;
  for (const std::string& label : labels) key += "|" + label;
  if (!series.emplace(key, value).second) throw std::logic_error("two series " + key);
}

}  // namespace

void read_again(const World& world, const Interval& interval, Facts& facts) {
  read_people(world, facts);
  for (auto& [name, feature] : facts.features) {
    feature.replace(interval, buckets_of(world, name, interval, facts));
  }
  std::map<Instant, IdSet> active;
  for (const Visit& visit : world.visits) {
    if (visit.time < interval.from || visit.time >= interval.to) continue;
    active[bucket_of(visit.time, world.width)].add(facts.users.id_of(visit.user));
  }
  facts.activity.replace(interval, std::move(active));
}

Facts read(const World& world) {
  Facts facts;
  facts.bucket_width = world.width;
  facts.activity = Activity(world.width);
  for (const auto& [name, shape] : world.shapes) {
    facts.features.emplace(name, FeatureFacts(shape, world.width));
  }
  const Instant far = Instant(std::chrono::days(40'000));
  read_again(world, {Instant(), bucket_of(far, world.width)}, facts);
  return facts;
}

Series series_of(const Metrics& metrics) {
  Series series;
  for (const MetricFamily& family : metrics) {
    for (const Sample& sample : family.samples) {
      add_series(series, family.name, sample.labels, sample.value);
    }
    for (const HistogramSample& sample : family.histograms) {
      for (std::size_t i = 0; i < sample.bucket_counts.size(); ++i) {
        std::vector<std::string> labels = sample.labels;
        labels.push_back(i < family.bounds.size() ? fmt::format("{}", family.bounds[i]) : "+Inf");
        add_series(series, family.name + "_bucket", labels,
                   static_cast<double>(sample.bucket_counts[i]));
      }
      add_series(series, family.name + "_sum", sample.labels, sample.sum);
    }
  }
  return series;
}

}  // namespace usage::reference
