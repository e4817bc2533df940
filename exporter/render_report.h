#pragma once

#include <string>

#include "collectors/report.h"

namespace usage {

// docs/REPORT.md has the keys. An object that ends with a line feed; unknown numbers are null.
std::string render_report_json(const Report& report);

// Headings and tables of GitHub's Markdown.
std::string render_report_markdown(const Report& report);

// One document without scripts or outside resources.
std::string render_report_html(const Report& report);

}  // namespace usage
