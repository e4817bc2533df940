// Every setting that a reader reads with is in its cache key.
#include "collectors/usage/reading/cache_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "collectors/usage/reading/config_fields.h"
#include "exporter/base/format.h"

namespace usage {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

// A config all of whose sections are there, so that each of their fields can change.
UsageConfig full_config() {
  UsageConfig config;
  FeatureConfig feature;
  feature.uses.source = "app";
  feature.uses.table = "exports";
  feature.outcome.emplace();
  feature.duration.emplace();
  feature.size.emplace();
  feature.attempts.emplace();
  feature.dimensions.emplace_back().scale.emplace();
  feature.creator = "who";
  feature.shape.name = "export";
  config.features.push_back(feature);
  config.users.emplace();
  config.users->source = "crm";
  config.users->exclude.column = "internal";
  config.activity.emplace_back().source = "app";
  for (const char* name : {"app", "crm"}) {
    SourceConfig& source = config.source_configs[name];
    source.name = name;
    source.input = DatabaseConfig{"sqlite", Secret(fmt::format("sqlite:/{}.db", name))};
  }
  return config;
}

void change(std::string& value) { value += "x"; }
void change(bool& value) { value = !value; }
void change(double& value) { value += 1; }
void change(Duration& value) { value += Duration(1); }
void change(TimeFormat& value) {
  value = value == TimeFormat::unix ? TimeFormat::unix_ms : TimeFormat::unix;
}
void change(std::vector<std::string>& values) { values.emplace_back("x"); }
void change(std::vector<double>& values) { values.push_back(1); }
void change(std::vector<std::pair<std::string, std::vector<std::string>>>& values) {
  values.push_back({"x", {"y"}});
}
void change(std::optional<TimeFormat>& value) { value = TimeFormat::unix; }

// Changes every field of the struct in turn, and of the structs inside it, and calls `changed` with
// its name and whether it is said to be read. Each is put back after that.
template <HasFields Struct, typename Changed>
void change_each(Struct& config, const std::string& prefix, bool read, const Changed& changed);

template <typename Value, typename Changed>
  requires requires(Value& value) { change(value); }
void change_value(Value& value, const std::string& name, bool read, const Changed& changed) {
  const Value before = value;
  change(value);
  changed(name, read);
  value = before;
}

template <HasFields Value, typename Changed>
void change_value(Value& value, const std::string& name, bool read, const Changed& changed) {
  change_each(value, name + ".", read, changed);
}

template <HasFields Value, typename Changed>
void change_value(std::optional<Value>& value, const std::string& name, bool read,
                  const Changed& changed) {
  const std::optional<Value> before = std::exchange(value, std::nullopt);
  changed(name, read);
  value = before;
  change_each(value.value(), name + ".", read, changed);
}

template <HasFields Value, typename Changed>
void change_value(std::vector<Value>& values, const std::string& name, bool read,
                  const Changed& changed) {
  values.emplace_back();
  changed(name, read);
  values.pop_back();
  change_each(values.front(), name + "[0].", read, changed);
}

template <HasFields Struct, typename Changed>
void change_each(Struct& config, const std::string& prefix, bool read, const Changed& changed) {
  const auto visit = [&](const auto& field) {
    constexpr bool kIsRead = std::remove_cvref_t<decltype(field)>::kIsRead;
    constexpr bool kCanChange =
        requires { change_value(config.*field.member, prefix, true, changed); };
    static_assert(kCanChange || !kIsRead);
    if constexpr (kCanChange) {
      change_value(config.*field.member, prefix + std::string(field.name), read && kIsRead,
                   changed);
    }
  };
  std::apply([&](const auto&... fields) { (visit(fields), ...); }, Fields<Struct>::list);
}

// Changes everything in `config` that `changed_struct` gives, and compares the keys.
template <typename Struct>
int expect_in_key(UsageConfig& config, Struct& changed_struct, const auto& key_of) {
  const CacheKey before = key_of(config);
  int fields = 0;
  change_each(changed_struct, "", true, [&](const std::string& name, bool read) {
    ++fields;
    EXPECT_EQ(key_of(config) == before, !read) << name;
  });
  EXPECT_EQ(key_of(config), before);
  return fields;
}

TEST(CacheKey, HasEveryFieldThatFeaturesAreReadWith) {
  UsageConfig config = full_config();
  const auto key_of = [](const UsageConfig& of) { return cache_key(of.features[0], of); };
  // A table on a source of another name needs that source.
  for (const char* name : {"appx", "crmx"}) {
    config.source_configs[name] = config.source_configs["app"];
  }
  EXPECT_GT(expect_in_key(config, config.features[0], key_of), 40);
  EXPECT_GT(expect_in_key(config, *config.users, key_of), 10);
  EXPECT_GT(expect_in_key(config, config.source_configs["app"], key_of), 5);
  EXPECT_GT(expect_in_key(config, config.source_configs["crm"], key_of), 5);
  const CacheKey before = key_of(config);
  config.bucket /= 2;
  EXPECT_THAT(key_of(config).changed_since(before), ElementsAre("bucket"));
}

TEST(CacheKey, HasEveryFieldThatTheActivityIsReadWith) {
  UsageConfig config = full_config();
  config.source_configs["appx"] = config.source_configs["app"];
  EXPECT_GT(expect_in_key(config, config.activity[0], activity_cache_key), 5);
  EXPECT_GT(expect_in_key(config, config.source_configs["app"], activity_cache_key), 5);
}

TEST(CacheKey, ThePopulationMattersWhereRowsAreJudgedByTheirCreators) {
  UsageConfig config = full_config();
  config.features[0].creator = "";
  const CacheKey before = cache_key(config.features[0], config);
  config.users->exclude.values = {"1"};
  EXPECT_EQ(cache_key(config.features[0], config), before);
}

TEST(CacheKey, KnowsADatabaseByItsPlaceAlone) {
  SourceConfig source;
  const auto key = [&](const std::string& driver, const std::string& dsn) {
    source.input = DatabaseConfig{driver, Secret(dsn)};
    return cache_key(source);
  };
  const std::string postgres = "postgresql";
  const CacheKey before = key(postgres, "postgresql://me:secret1@db:5432/app?sslmode=prefer");
  EXPECT_EQ(key(postgres, "postgresql://you:secret2@db/app?connect_timeout=3"), before);
  EXPECT_EQ(before.serialize().find("secret"), std::string::npos);
  for (const char* other : {"postgresql://me@db2/app", "postgresql://me@db:5433/app",
                            "postgresql://me@db/app2", "postgresql://me@db"}) {
    EXPECT_THAT(key(postgres, other).changed_since(before), ElementsAre("dsn")) << other;
  }
  EXPECT_EQ(key("sqlite", "sqlite:///a/b.db"), key("sqlite", "sqlite:/a/x/../b.db"));
  EXPECT_NE(key("sqlite", "sqlite:/a/b.db"), key("sqlite", "sqlite:/a/c.db"));
  EXPECT_THAT(key("sqlite", "sqlite:/a/b.db").changed_since(before), Contains("driver"));
}

TEST(CacheKey, NamesWhatChanged) {
  const UsageConfig before = full_config();
  const auto changed = [&](const auto& make) {
    UsageConfig config = before;
    make(config);
    return cache_key(config.features[0], config)
        .changed_since(cache_key(before.features[0], before));
  };
  EXPECT_THAT(changed([](UsageConfig& config) {
                config.source_configs["app"].time_format = TimeFormat::unix_ms;
              }),
              ElementsAre("source.time_format"));
  EXPECT_EQ(setting_text("source.time_format", "app"), "time_format of source app");
  EXPECT_THAT(changed([](UsageConfig& config) { config.features[0].uses.where = {{"a", {"b"}}}; }),
              ElementsAre("where"));
  EXPECT_THAT(changed([](UsageConfig& config) { config.features[0].outcome->success = {"ok"}; }),
              ElementsAre("outcome.success"));
  EXPECT_THAT(changed([](UsageConfig& config) { config.features[0].attempts.reset(); }),
              ElementsAre("attempts"));
  EXPECT_THAT(changed([](UsageConfig& config) { config.users->exclude.column = "bot"; }),
              ElementsAre("users.exclude.column"));
}

TEST(CacheKey, IsWrittenAndReadBack) {
  const UsageConfig config = full_config();
  const CacheKey key = cache_key(config.features[0], config);
  EXPECT_EQ(CacheKey::parse(key.serialize()), key);
  EXPECT_EQ(CacheKey::parse("1h\napp\nexports\n"), std::nullopt);
  EXPECT_EQ(CacheKey::parse(key.serialize() + "no line"), std::nullopt);
}

}  // namespace
}  // namespace usage
