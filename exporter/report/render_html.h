#pragma once

#include <string>
#include <string_view>

#include "collectors/report/report.h"

namespace usage {

// One document without scripts or outside resources, and the hash of its style sheet.
inline constexpr std::string_view kReportStyleHash =
    "sha256-xEAmPWx0fPiUqKuqgKhBue0VI3AEJN4w/p0nlM95zlQ=";
std::string render_report_html(const Report& report);

}  // namespace usage
