#include "collectors/usage/config/legacy_fingerprint.h"

#include "exporter/base/format.h"

namespace usage {

namespace {

std::string name(const TableConfig& table) {
  const int time_format = table.time_format ? static_cast<int>(*table.time_format) : -1;
  std::string text = fmt::format("{}\n{}\n{}\n{}\n{}\n", table.source, table.table, table.time,
                                 table.user, time_format);
  if (!table.events.empty()) {
    text += fmt::format("events {}\n", fmt::join(table.events, "\t"));
  }
  for (const auto& [column, values] : table.where) {
    text += fmt::format("where {}\n{}\n", column, fmt::join(values, "\t"));
  }
  return text;
}

std::string name(const std::optional<NumberConfig>& number, const std::vector<double>& bounds) {
  return number ? fmt::format("{}\n{}\n{}\n", number->column, number->scale, fmt::join(bounds, ","))
                : "\n";
}

}  // namespace

std::string legacy_fingerprint(const FeatureConfig& feature, Duration bucket) {
  std::string text = format_duration(bucket) + "\n" + name(feature.uses);
  if (feature.outcome) {
    text += fmt::format("{}\n{}\n{}\n", feature.outcome->column,
                        fmt::join(feature.outcome->success, "\t"),
                        fmt::join(feature.outcome->failure, "\t"));
  }
  if (feature.outcome && (feature.outcome->by_event || !feature.outcome->start.empty())) {
    text += fmt::format("outcome {} {}\n", feature.outcome->by_event,
                        fmt::join(feature.outcome->start, "\t"));
  }
  if (const auto& attempts = feature.attempts) {
    text +=
        fmt::format("attempts {}\n{}\n{} {} {}\n", attempts->id, fmt::join(attempts->key, "\t"),
                    format_duration(attempts->timeout), attempts->echo.count(), feature.abandoned);
  }
  text += fmt::format("{}\n{}\n{}\n", feature.reason, fmt::join(feature.shape.reasons, "\t"),
                      feature.scope);
  text += name(feature.duration, feature.shape.duration_bounds);
  text += name(feature.size, feature.shape.size_bounds);
  for (std::size_t i = 0; i < feature.dimensions.size(); ++i) {
    const DimensionConfig& dimension = feature.dimensions[i];
    text += fmt::format("{}\n{}\n{}\n{}\n", feature.shape.dimensions[i], dimension.column,
                        fmt::join(dimension.buckets, ","), dimension.null_as);
    if (const auto& scale = dimension.scale) {
      text += fmt::format("scale {} {} {}\n", scale->min, scale->max, scale->max_column);
    }
  }
  if (feature.shape.of_artifacts || feature.latest) {
    text += fmt::format("record {} {} {}\n{}\n", feature.shape.of_artifacts, feature.latest,
                        feature.revoked_at, feature.creator);
  }
  return text;
}

std::string legacy_fingerprint(const std::vector<TableConfig>& activity, Duration bucket) {
  std::string text = format_duration(bucket) + "\n";
  for (const TableConfig& table : activity) {
    text += name(table);
  }
  return text;
}

}  // namespace usage
