#pragma once

#include <string>
#include <string_view>

#include "collectors/report.h"

namespace usage {

// docs/REPORT.md has the keys. An object that ends with a line feed; unknown numbers are null.
std::string render_report_json(const Report& report);

// Headings and tables of GitHub's Markdown.
std::string render_report_markdown(const Report& report);

// One document without scripts or outside resources, and the hash of its style sheet.
inline constexpr std::string_view kReportStyleHash =
    "sha256-xEAmPWx0fPiUqKuqgKhBue0VI3AEJN4w/p0nlM95zlQ=";
std::string render_report_html(const Report& report);

}  // namespace usage
