#include "collectors/usage/reading/cache_key.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <type_traits>
#include <utility>

#include "collectors/sources/drivers.h"
#include "collectors/usage/reading/config_fields.h"
#include "exporter/base/format.h"

namespace usage {

namespace {

constexpr std::string_view kHead = "settings\n";

// FNV-1a: the same in every build, which std::hash is not.
std::string hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  return fmt::format("{:016x}", hash);
}

// The text of a value: another value of the same type has another one. Empty for what is absent.
template <typename T>
struct ValueText;

// Parts keep their lengths, so that no two lists of parts have one text.
template <typename T>
std::string part_text(const T& part) {
  const std::string text = ValueText<T>::of(part);
  return fmt::format("{}:{}", text.size(), text);
}

template <>
struct ValueText<std::string> {
  static std::string of(const std::string& value) { return value; }
};

template <>
struct ValueText<bool> {
  static std::string of(bool value) { return value ? "1" : ""; }
};

template <>
struct ValueText<double> {
  static std::string of(double value) { return format_shortest(value); }
};

template <>
struct ValueText<Duration> {
  static std::string of(Duration value) { return fmt::format("{}", value.count()); }
};

template <>
struct ValueText<TimeFormat> {
  static std::string of(TimeFormat value) { return fmt::format("{}", static_cast<int>(value)); }
};

template <typename A, typename B>
struct ValueText<std::pair<A, B>> {
  static std::string of(const std::pair<A, B>& value) {
    return part_text(value.first) + part_text(value.second);
  }
};

template <typename T>
struct ValueText<std::optional<T>> {
  static std::string of(const std::optional<T>& value) {
    return value ? "=" + ValueText<T>::of(*value) : std::string();
  }
};

template <typename T>
struct ValueText<std::vector<T>> {
  static std::string of(const std::vector<T>& values) {
    std::string text;
    for (const T& value : values) {
      text += part_text(value);
    }
    return text;
  }
};

template <HasFields Struct>
struct ValueText<Struct> {
  static std::string of(const Struct& value) {
    std::string text;
    const auto add = [&](const auto& field) {
      if constexpr (std::remove_cvref_t<decltype(field)>::kIsRead) {
        text += part_text(value.*field.member);
      }
    };
    std::apply([&](const auto&... fields) { (add(fields), ...); }, Fields<Struct>::list);
    return text;
  }
};

template <HasFields Struct>
void add_fields(CacheKey& key, const std::string& prefix, const Struct& config);

template <typename T>
void add_value(CacheKey& key, const std::string& name, const T& value) {
  key.add(name, ValueText<T>::of(value));
}

template <HasFields Struct>
void add_value(CacheKey& key, const std::string& name, const Struct& value) {
  add_fields(key, name.empty() || name.ends_with('.') ? name : name + ".", value);
}

template <HasFields Struct>
void add_value(CacheKey& key, const std::string& name, const std::optional<Struct>& value) {
  if (value) {
    key.add(name, "there");
    add_value(key, name, *value);
  }
}

template <HasFields Struct>
void add_fields(CacheKey& key, const std::string& prefix, const Struct& config) {
  std::apply(
      [&](const auto&... fields) {
        const auto add = [&](const auto& field) {
          if constexpr (std::remove_cvref_t<decltype(field)>::kIsRead) {
            add_value(key, prefix + std::string(field.name), config.*field.member);
          }
        };
        (add(fields), ...);
      },
      Fields<Struct>::list);
}

void add_source(CacheKey& key, const std::string& prefix, const SourceConfig& source) {
  add_fields(key, prefix, source);
  key.add(prefix + "driver", driver_of(source).name);
  key.add(prefix + "dsn", database_identity(source));
}

}  // namespace

void CacheKey::add(const std::string& name, std::string_view value) {
  if (!value.empty()) {
    settings_[name] = hash_of(value);
  }
}

std::string CacheKey::serialize() const {
  std::string text(kHead);
  for (const auto& [name, hash] : settings_) {
    text += fmt::format("{} {}\n", hash, name);
  }
  return text;
}

std::optional<CacheKey> CacheKey::parse(std::string_view text) {
  if (!text.starts_with(kHead)) {
    return std::nullopt;
  }
  text.remove_prefix(kHead.size());
  CacheKey key;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || line.size() == text.size()) {
      return std::nullopt;
    }
    key.settings_[std::string(line.substr(space + 1))] = line.substr(0, space);
    text.remove_prefix(line.size() + 1);
  }
  return key;
}

std::vector<std::string> CacheKey::changed_since(const CacheKey& before) const {
  std::vector<std::pair<std::string, std::string>> different;
  std::ranges::set_symmetric_difference(settings_, before.settings_, std::back_inserter(different));
  std::vector<std::string> names;
  for (const auto& [name, hash] : different) {
    // Of a section that came, went or is another one, only the section.
    const bool inside = std::ranges::any_of(
        names, [&](const std::string& section) { return name.starts_with(section + "."); });
    if (!inside && (names.empty() || names.back() != name)) {
      names.push_back(name);
    }
  }
  return names;
}

CacheKey cache_key(const SourceConfig& source) {
  CacheKey key;
  add_source(key, "", source);
  return key;
}

CacheKey cache_key(const FeatureConfig& table, const UsageConfig& config) {
  CacheKey key;
  add_value(key, "bucket", config.bucket);
  add_fields(key, "", table);
  add_source(key, "source.", config.source_configs.at(table.uses.source));
  const auto& users = config.users;
  if (users && !users->exclude.column.empty() && !table.creator.empty()) {
    add_value(key, "users", users);
    add_source(key, "users.source.", config.source_configs.at(users->source));
  }
  return key;
}

CacheKey activity_cache_key(const UsageConfig& config) {
  CacheKey key;
  add_value(key, "bucket", config.bucket);
  for (std::size_t i = 0; i < config.activity.size(); ++i) {
    add_fields(key, fmt::format("activity[{}].", i), config.activity[i]);
  }
  if (!config.activity.empty()) {
    const std::string& source = config.activity.front().source;
    key.add("source", source);
    add_source(key, "source.", config.source_configs.at(source));
  }
  return key;
}

std::string setting_text(const std::string& name, const std::string& source) {
  constexpr std::string_view kSource = "source.";
  return name.starts_with(kSource)
             ? fmt::format("{} of source {}", name.substr(kSource.size()), source)
             : name;
}

}  // namespace usage
