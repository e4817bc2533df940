// What the full set of measures costs: features of a product whose every user is known, in a team,
// and uses each of them some days; each refresh finds a new row in the open bucket.
//   bench_evaluate [ROWS] [USERS] [FEATURES] [DAYS] [REFRESHES]
#include "collectors/measures/evaluate.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

namespace {

using std::chrono::days;
using std::chrono::hours;
using usage::Bucket;
using usage::Instant;

constexpr std::uint64_t kFirstUser = 1'000'000;

class Random {
 public:
  std::uint64_t below(std::uint64_t bound) {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (z ^ (z >> 31)) % bound;
  }

 private:
  std::uint64_t state_ = 1;
};

double cpu_milliseconds() { return static_cast<double>(std::clock()) * 1e3 / CLOCKS_PER_SEC; }

usage::FeatureShape shape_of(const std::string& name) {
  usage::FeatureShape shape;
  shape.name = name;
  shape.reasons = {"timeout", "too_large"};
  shape.dimensions = {"format", "report_type"};
  shape.has_users = shape.has_outcome = shape.has_scope = true;
  shape.duration_bounds = {0.5, 1, 2, 5, 10};
  shape.size_bounds = {1e4, 1e5, 1e6, 1e7};
  return shape;
}

class Product {
 public:
  Product(std::uint64_t people, Instant start) : people_(people), start_(start) {
    facts_.population.has_users_table = true;
    for (std::uint64_t i = 0; i < people_; ++i) {
      const auto id = facts_.users.id_of(std::to_string(kFirstUser + i));
      usage::UserAttributes user;
      user.known = true;
      user.excluded = i % 500 == 0;
      user.created_at = start_ - days(random_.below(300));
      if (i % 50 == 1) user.deleted_at = start_ + days(random_.below(90));
      user.team = facts_.population.teams.id_of(std::to_string(i / 8));
      facts_.population.attributes.resize(id + 1);
      facts_.population.attributes[id] = user;
    }
  }

  void add_feature(const std::string& name, std::uint64_t a_day, int length) {
    auto& feature =
        facts_.features.emplace(name, usage::FeatureFacts(shape_of(name), hours(1))).first->second;
    for (int day = 0; day < length; ++day) {
      std::map<Instant, Bucket> fresh;
      for (std::uint64_t row = 0; row < a_day; ++row) {
        add_row(feature, fresh, start_ + days(day) + hours(random_.below(24)));
      }
      feature.replace({start_ + days(day), start_ + days(day + 1)}, std::move(fresh));
    }
  }

  // The open bucket, with one row more each time.
  void touch(Instant bucket, int rows) {
    for (auto& [name, feature] : facts_.features) {
      std::map<Instant, Bucket> fresh;
      for (int row = 0; row < rows; ++row) add_row(feature, fresh, bucket);
      feature.replace({bucket, bucket + hours(1)}, std::move(fresh));
    }
  }

  void add_activity(int length) {
    for (int hour = 0; hour < 24 * length; ++hour) {
      std::vector<usage::UserId> ids;
      for (std::uint64_t i = 0; i < people_ / 50; ++i) {
        ids.push_back(static_cast<usage::UserId>(random_.below(people_)));
      }
      const Instant at = start_ + hours(hour);
      facts_.activity.replace({at, at + hours(1)}, {{at, usage::IdSet::of(ids)}});
    }
  }

  const usage::Facts& facts() const { return facts_; }

 private:
  void add_row(usage::FeatureFacts& feature, std::map<Instant, Bucket>& fresh, Instant bucket) {
    static const std::vector<std::string> formats{"csv", "png", "xlsx", "pdf"};
    static const std::vector<std::string> types{"sales",  "churn", "funnel",
                                                "cohort", "usage", "billing"};
    const std::string user = std::to_string(kFirstUser + random_.below(people_));
    const std::string scope = std::to_string(random_.below(40));
    const std::string_view dimensions[] = {formats[random_.below(4)], types[random_.below(6)]};
    usage::Fact fact;
    fact.user = user;
    fact.success = random_.below(20) != 0;
    fact.reason = "timeout";
    fact.dimensions = dimensions;
    fact.scope = scope;
    fact.duration_seconds = static_cast<double>(random_.below(12'000)) / 1e3;
    fact.size_bytes = static_cast<double>(random_.below(5'000'000));
    fresh.try_emplace(bucket, feature.shape())
        .first->second.add(fact, feature.shape(), facts_.users, feature.names());
  }

  std::uint64_t people_;
  Instant start_;
  Random random_;
  usage::Facts facts_;
};

usage::UsageRules rules_of(const usage::Facts& facts) {
  usage::UsageRules rules;
  for (const int length : {1, 7, 28, 30}) {
    rules.windows.push_back({.label = std::to_string(length) + "d", .rolling = days(length)});
  }
  rules.windows.push_back({"last_week", {}, usage::CalendarUnit::week, -1});
  rules.windows.push_back({"this_week", {}, usage::CalendarUnit::week, 0});
  usage::DimensionRules formats, types;
  formats.allow = {"csv", "png", "xlsx", "pdf"};
  types.allow_top = 10;
  usage::Combination all{"all", true, {}};
  for (const auto& [name, feature] : facts.features) {
    rules.features[name].launched_at = *feature.first_bucket() + days(15);
    rules.features[name].dimensions = {formats, types};
    all.features.push_back(name);
  }
  rules.combinations.push_back(all);
  return rules;
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int index, std::uint64_t otherwise) {
    return argc > index ? std::strtoull(argv[index], nullptr, 10) : otherwise;
  };
  const std::uint64_t rows = argument(1, 5'000'000), people = argument(2, 50'000);
  const std::uint64_t features = argument(3, 3);
  const auto length = static_cast<int>(argument(4, 90));
  const auto refreshes = static_cast<int>(argument(5, 21));
  const Instant start{std::chrono::seconds(1'700'438'400)};  // a midnight
  const Instant now = start + days(length) + hours(9) + std::chrono::minutes(20);
  Product product(people, start);
  for (std::uint64_t i = 0; i < features; ++i) {
    product.add_feature("feature_" + std::to_string(i),
                        rows / features / static_cast<std::uint64_t>(length), length);
  }
  product.add_activity(length);
  const usage::UsageRules rules = rules_of(product.facts());
  std::set<std::string> names;
  for (const auto& [name, feature] : product.facts().features) names.insert(name);
  std::size_t samples = 0;
  const auto evaluate = [&](Instant at) {
    const double before = cpu_milliseconds();
    const auto evaluation = usage::evaluate(product.facts(), rules, at, true, names, true);
    const double took = cpu_milliseconds() - before;
    samples = 0;
    for (const auto& family : evaluation.metrics) samples += family.series_count();
    return took;
  };
  const Instant open = start + days(length) + hours(9);
  product.touch(open, 100);
  std::printf("first    %6.1f ms CPU\n", evaluate(now));
  std::vector<double> taken;
  for (int i = 1; i <= refreshes; ++i) {
    product.touch(open, 100 + i);
    taken.push_back(evaluate(now + std::chrono::seconds(i)));
  }
  std::ranges::sort(taken);
  std::printf("refresh  %6.1f ms CPU (median), %.1f the longest; %zu series\n",
              taken[taken.size() / 2], taken.back(), samples);
  std::vector<double> hourly;
  for (int i = 1; i <= refreshes; ++i) {
    product.touch(open + hours(i), 10);
    hourly.push_back(evaluate(now + hours(i)));
  }
  std::ranges::sort(hourly);
  std::printf("new hour %6.1f ms CPU (median), %.1f the longest\n", hourly[hourly.size() / 2],
              hourly.back());
  std::size_t memory = product.facts().users.memory_bytes();
  for (const auto& [name, feature] : product.facts().features) memory += feature.memory_bytes();
  malloc_trim(0);
  std::printf("memory   %6.1f MB of features and users\n", static_cast<double>(memory) / 1e6);
  return samples > 0 ? 0 : 1;
}
