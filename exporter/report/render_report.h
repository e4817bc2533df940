#pragma once

#include <span>
#include <string>
#include <string_view>

#include "collectors/report/report.h"

namespace usage {

// docs/REPORT.md has the keys. An object that ends with a line feed; unknown numbers are null.
std::string render_report_json(const Report& report);

// Headings and tables of GitHub's Markdown.
std::string render_report_markdown(const Report& report);

// One document without scripts or outside resources, and the hash of its style sheet.
inline constexpr std::string_view kReportStyleHash =
    "sha256-xEAmPWx0fPiUqKuqgKhBue0VI3AEJN4w/p0nlM95zlQ=";
std::string render_report_html(const Report& report);

// One row of the table of formats; the first is the default.
struct ReportForm {
  std::string_view name;  // in flags and in `?format=`, and the ending of files
  std::string_view content_type;
  std::string (*render)(const Report&);
};
std::span<const ReportForm> report_forms();

// nullptr: there is no such format.
const ReportForm* find_report_form(std::string_view name);

}  // namespace usage
