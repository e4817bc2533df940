// The part of reader.h that says what the cells of a feature's row mean.
#include <algorithm>
#include <cmath>

#include "collectors/usage/reading/reader.h"
#include "exporter/base/format.h"

namespace usage {

namespace {

// A place on the scale from `min` to `max`, on one from 0 to 10. Rounded, so that equal answers are
// one value.
std::string on_ten(double value, double min, double max) {
  return format_shortest(std::round((value - min) / (max - min) * 10 * 1e6) / 1e6);
}

// The name of a number's bucket, as the config's reader names them.
std::string bucket_name(double value, const std::vector<double>& bounds) {
  const auto bound = std::lower_bound(bounds.begin(), bounds.end(), value);
  return bound == bounds.end() ? ">" + format_shortest(bounds.back())
                               : "<=" + format_shortest(*bound);
}

constexpr char kNull[] = "\x1e";

}  // namespace

// Nullopt: it says nothing.
std::optional<Stage> FeatureReader::stage_of(std::span<const Value> row,
                                             std::string& buffer) const {
  const auto outcome = text_of(row[*outcome_], buffer);
  const OutcomeConfig& wanted = *config_.outcome;
  if (!outcome) {
    return std::nullopt;
  }
  const bool failed = is_one_of(*outcome, wanted.failure);
  if (is_one_of(*outcome, wanted.start)) {
    return failed ? Stage::start_or_failure : Stage::start;
  }
  if (failed || is_one_of(*outcome, wanted.success)) {
    return failed ? Stage::failure : Stage::success;
  }
  if (wanted.success.empty() || wanted.failure.empty()) {
    return wanted.success.empty() ? Stage::success : Stage::failure;
  }
  return std::nullopt;
}

// The row as a part of an attempt, whose cells it keeps; nullopt where it is none.
std::optional<AttemptRow> FeatureReader::part_of(std::span<const Value> row, std::string& key,
                                                 std::string& buffer) const {
  const auto time =
      instant_of(row[time_], config_.uses.time, time_format_of(source_, config_.uses.time_format));
  const auto stage = stage_of(row, buffer);
  if (!time || !stage) {
    return std::nullopt;
  }
  AttemptRow part{*time, std::nullopt, false, *stage, row};
  const auto id = attempt_ ? text_of(row[*attempt_], buffer) : std::nullopt;
  part.exact = id && !id->empty();
  if (part.exact) {
    key = *id;
    part.key = key;
  } else if (!key_.empty()) {
    key = kNull;  // no id begins so
    for (const std::size_t place : key_) {
      key.append(text_of(row[place], buffer).value_or(kNull)) += '\x1f';
    }
    part.key = key;
  }
  return part;
}

std::optional<std::string_view> FeatureReader::dimension_of(std::span<const Value> row,
                                                            std::size_t dimension,
                                                            std::string& buffer) const {
  const DimensionConfig& config = config_.dimensions[dimension];
  const Value& value = row[dimensions_[dimension]];
  if (config.buckets.empty() && !config.scale) {
    return text_of(value, buffer);
  }
  const auto number = number_of(value);
  if (!number) {
    return std::nullopt;
  }
  if (config.scale) {
    const bool per_row = !config.scale->max_column.empty();
    const auto max =
        per_row ? number_of(row[scale_maxima_[dimension]]) : std::optional(config.scale->max);
    if (!max || *max <= config.scale->min || *number < config.scale->min || *number > *max) {
      return std::nullopt;
    }
    return buffer = on_ten(*number, config.scale->min, *max);
  }
  return buffer = bucket_name(*number, config.buckets);
}

// Whether the row is neither revoked nor of somebody who is left out of everything.
bool FeatureReader::counts(std::span<const Value> row, const Facts& facts) const {
  std::string buffer;
  if (revoked_ && text_of(row[*revoked_], buffer)) {
    return false;
  }
  const auto creator = creator_ ? text_of(row[*creator_], buffer) : std::nullopt;
  const auto id = creator ? facts.users.find(*creator) : std::nullopt;
  const auto& people = facts.population.attributes;
  return !id || *id >= people.size() || !people[*id].excluded;
}

}  // namespace usage
