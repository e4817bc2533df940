#pragma once

#include <span>
#include <string>
#include <string_view>

#include "collectors/report/report.h"

namespace usage {

// What a report can be written as.
struct ReportForm {
  std::string_view name;  // in flags and in `?format=`, and the ending of files
  std::string_view content_type;
  std::string (*render)(const Report&);
};

// The first is the default.
std::span<const ReportForm> report_forms();

// nullptr: there is no such format.
const ReportForm* find_report_form(std::string_view name);

}  // namespace usage
