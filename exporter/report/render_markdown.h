#pragma once

#include <string>

#include "collectors/report/report.h"

namespace usage {

// Headings and tables of GitHub's Markdown.
std::string render_report_markdown(const Report& report);

}  // namespace usage
