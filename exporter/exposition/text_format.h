#pragma once

#include <string>
#include <string_view>

#include "exporter/exposition/metric.h"

namespace usage {

enum class Format {
  text,         // text/plain; version=0.0.4
  openmetrics,  // application/openmetrics-text; version=1.0.0
};

std::string_view content_type(Format format);

// # HELP, # TYPE and (OpenMetrics) # UNIT of the family.
void render_header(const MetricFamily& family, Format format, std::string& out);

// The sample lines. They are the same bytes in both formats unless the family has `created`.
// Bucket bounds are written as floats ("1.0") in both, so that a series keeps its identity whatever
// format was negotiated.
void render_samples(const MetricFamily& family, Format format, std::string& out);

// Whole page: every family, and "# EOF" in OpenMetrics.
std::string render(const Metrics& metrics, Format format);

// The number as both formats write it: shortest text that reads back equal; +Inf, -Inf, NaN.
void append_number(double value, std::string& out);

}  // namespace usage
