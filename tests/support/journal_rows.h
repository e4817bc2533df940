#pragma once

#include <string>
#include <vector>

#include "collectors/api/source.h"
#include "collectors/sources/drivers.h"

namespace usage::testing {

// What a reader of a journal's source sees: the cells of each row, with '|' between them and '-'
// for NULL.
inline std::vector<std::string> rows_of(const std::string& path, const std::string& sql) {
  const SystemClock clock;
  SourceConfig config;
  config.name = "app";
  config.input = LogConfig();
  config.journal = path;
  config.time_format = TimeFormat::unix_ms;
  std::vector<std::string> found;
  const RowSink sink{.columns = [](std::span<const Column>) {},
                     .rows = row_by_row([&](std::span<const Value> row) {
                       std::string line;
                       for (const Value& value : row) {
                         line += line.empty() ? "" : "|";
                         if (const auto* text = std::get_if<std::string_view>(&value)) {
                           line += *text;
                         } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
                           line += std::to_string(*number);
                         } else {
                           line += "-";
                         }
                       }
                       found.push_back(line);
                     })};
  open_source(config, clock)->scan({sql, {}}, clock.steady_now() + std::chrono::seconds(60), sink);
  return found;
}

}  // namespace usage::testing
