#include "collectors/events/event_filter.h"

#include "exporter/base/json_text.h"

namespace usage {

void write_fields(const std::set<std::string>& paths,
                  const std::function<std::optional<json::Value>(const std::string&)>& at,
                  std::string& fields) {
  fields = "{";
  for (const std::string& path : paths) {
    const auto field = at(path);
    const std::size_t before = fields.size();
    if (!field) {
      continue;
    }
    if (before > 1) {
      fields += ',';
    }
    append_json_string(fields, path);
    fields += ':';
    if (!field->append_scalar(fields)) {
      fields.resize(before);
    }
  }
  fields += '}';
}

}  // namespace usage
