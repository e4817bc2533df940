#include "exporter/report/report_forms.h"

#include <algorithm>
#include <array>

#include "exporter/report/render_html.h"
#include "exporter/report/render_json.h"
#include "exporter/report/render_markdown.h"

namespace usage {

namespace {

constexpr std::array kForms{
    ReportForm{"html", "text/html; charset=utf-8", render_report_html},
    ReportForm{"md", "text/markdown; charset=utf-8", render_report_markdown},
    ReportForm{"json", "application/json", render_report_json}};

}  // namespace

std::span<const ReportForm> report_forms() { return kForms; }

const ReportForm* find_report_form(std::string_view name) {
  const auto* const found = std::ranges::find(kForms, name, &ReportForm::name);
  return found == kForms.end() ? nullptr : found;
}

}  // namespace usage
