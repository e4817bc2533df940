#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "collectors/api/source.h"
#include "exporter/base/calendar.h"
#include "exporter/base/diagnostics.h"
#include "exporter/config/yaml.h"

namespace usage {

// An instant relative to a run: `today - 30d`. A value.
class InstantExpression {
 public:
  // nullopt when the text is not `anchor [+|- duration]…` with anchor now, today, this_week or
  // this_month.
  static std::optional<InstantExpression> parse(std::string_view text);

  // Whole days count in local days of `zone` unless the anchor is now.
  Instant at(Instant now, const TimeZone& zone) const;

 private:
  enum class Anchor { now, today, this_week, this_month };
  Anchor anchor_ = Anchor::now;
  std::vector<Duration> offsets_;
};

// One entry of `parameters`.
using Bind = std::variant<std::int64_t, double, std::string, InstantExpression>;

// Reads `parameters`; mistakes go to `problems`.
std::vector<Bind> read_binds(const yaml::Node& list, Problems& problems);

// The values to bind in a run at `now`.
std::vector<Parameter> bind(const std::vector<Bind>& binds, Instant now, const TimeZone& zone);

}  // namespace usage
