#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "exporter/base/clock.h"
#include "exporter/exposition/text_format.h"
#include "exporter/report/render_report.h"

// Values that only flags have. nullopt: it is not one.
namespace usage {

std::optional<Format> parse_format(std::string_view text);
std::optional<const ReportForm*> parse_report_form(std::string_view text);
std::optional<Duration> parse_step(std::string_view text);  // whole seconds, at least one
std::optional<Instant> parse_day(std::string_view text);    // midnight UTC

// What is wrong with a path for the metrics; empty: nothing.
std::string check_telemetry_path(const std::string& path);

}  // namespace usage
