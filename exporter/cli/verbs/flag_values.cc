#include "exporter/cli/verbs/flag_values.h"

#include "exporter/base/format.h"
#include "exporter/base/timestamps.h"

namespace usage {

std::optional<Format> parse_format(std::string_view text) {
  if (text == "text") {
    return Format::text;
  }
  return text == "openmetrics" ? std::optional(Format::openmetrics) : std::nullopt;
}

std::optional<const ReportForm*> parse_report_form(std::string_view text) {
  const ReportForm* form = find_report_form(text);
  return form != nullptr ? std::optional(form) : std::nullopt;
}

std::string check_telemetry_path(const std::string& path) {
  const bool good = path.starts_with('/') && path != "/" && !path.starts_with("/-/");
  return good ? ""
              : fmt::format(
                    "\"{}\" must begin with / and be neither / nor below /-/, which are the "
                    "exporter's own",
                    path);
}

std::optional<Duration> parse_step(std::string_view text) {
  const auto step = parse_duration(text);
  const bool whole = step && *step % std::chrono::seconds(1) == Duration{};
  return whole && *step > Duration{} ? step : std::nullopt;
}

std::optional<Instant> parse_day(std::string_view text) {
  const auto at = parse_rfc3339(text);
  const bool day = at && at->time_since_epoch() % std::chrono::days(1) == Duration{};
  return day ? at : std::nullopt;
}

}  // namespace usage
