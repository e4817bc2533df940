#include "exporter/config/values.h"

#include <algorithm>
#include <filesystem>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

std::string resolve_path(const SourceText& file, const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(file.path).parent_path();
  return (folder / path).string();
}

bool may_read_files(const SourceText& file) { return !file.path.starts_with('<'); }

void check_name(const yaml::Node& key, std::string_view noun, Problems& problems) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto allowed = [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '_'; };
  if (key.text.empty() || !lower(key.text.front()) ||
      !std::all_of(key.text.begin(), key.text.end(), allowed)) {
    problems.add(key.position,
                 fmt::format("{} is no name of a {}; use a-z, 0-9 and \"_\", beginning "
                             "with a letter",
                             yaml::quoted(key), noun));
  }
}

std::optional<TimeZone> read_time_zone(yaml::Mapping& mapping, std::string_view key,
                                       Problems& problems) {
  const yaml::Node* node = mapping.find(key);
  const std::size_t before = problems.size();
  if (node == nullptr || mapping.require_string(key).empty() || problems.size() != before) {
    return std::nullopt;
  }
  try {
    return TimeZone(node->text);
  } catch (const Error& error) {
    mapping.problem(
        key, yaml::may_show(*node)
                 ? std::string(error.what())
                 : fmt::format("\"{}\" in {} is not a time zone of this machine; use an IANA "
                               "name such as Europe/Berlin",
                               key, mapping.what()));
    return std::nullopt;
  }
}

// Hides the first line and those that are indented below it.
void hide_value(const yaml::Node& key, Problems& problems) {
  std::string_view rest = key.position.file->text;
  Position position = key.position;
  for (std::size_t line = 1; !rest.empty(); ++line) {
    const std::string_view text = rest.substr(0, rest.find('\n'));
    const std::size_t indent = text.find_first_not_of(" \r");
    position.line = line;
    if (line > key.position.line && indent < key.position.column) {
      return;
    }
    if (line >= key.position.line) {
      problems.hide_line(position);
    }
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
  }
}

}  // namespace usage
