#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/usage/config/usage_config.h"

namespace usage {

// The settings that facts were read with: by name, each with a hash of its value, so that the key
// can lie beside the facts, tell whether they still hold, and name the setting that changed. Has no
// value in plain text and nothing of a password. A value.
class CacheKey {
 public:
  // An empty value is as if it were not added: a setting that a later program adds, and that nobody
  // uses, changes no key.
  void add(const std::string& name, std::string_view value);

  std::string serialize() const;
  // nullopt: the text is not what serialize() wrote, but for example a legacy_fingerprint().
  static std::optional<CacheKey> parse(std::string_view text);

  // The names of the settings that differ, or of the sections that came or went.
  std::vector<std::string> changed_since(const CacheKey& before) const;
  bool operator==(const CacheKey&) const = default;

 private:
  std::map<std::string, std::string> settings_;  // name → hash
};

// Of all that decides what the facts of a table, or of the activity, are. Whatever is judged only
// when a page is made, such as windows and the time zone of days, is not in it. Throws Error for a
// dsn that cannot be understood.
CacheKey cache_key(const FeatureConfig& table, const UsageConfig& config);
CacheKey activity_cache_key(const UsageConfig& config);

// Of how the source is read alone.
CacheKey cache_key(const SourceConfig& source);

// A name that changed_since() gave, for people: "time_format of source app".
std::string setting_text(const std::string& name, const std::string& source);

}  // namespace usage
