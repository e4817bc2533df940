#pragma once

#include <string>

#include "collectors/report/report.h"

namespace usage {

// docs/REPORT.md has the keys. An object that ends with a line feed; unknown numbers are null.
std::string render_report_json(const Report& report);

}  // namespace usage
