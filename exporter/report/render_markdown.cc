#include "exporter/report/render_markdown.h"

#include "exporter/base/format.h"
#include "exporter/report/render_text.h"

namespace usage {

namespace {

// Titles and values are the config's and the database's: none may end a cell, or be HTML.
std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      out += ' ';
      continue;
    }
    if (std::string_view("\\|*_`<>[]&#~").find(c) != std::string_view::npos) {
      out += '\\';
    }
    out += c;
  }
  return out;
}

std::string cell(const ReportRow::Change& change) {
  return change.from.empty() ? change.by : fmt::format("{} ({})", change.by, change.from);
}

std::string table(const ReportSection& section) {
  const bool judged = !section.rows.front().verdict.empty();
  std::string text = fmt::format(
      "| {} | Week | On the week before | On the mean of four |{}\n"
      "|---|--:|--:|--:|{}\n",
      section.first_column, judged ? " Verdict |" : "", judged ? "---|" : "");
  for (const ReportRow& row : section.rows) {
    text +=
        fmt::format("| {}{} | {} | {} | {} |{}\n", escape(row.name),
                    row.note.empty() ? "" : " (" + escape(row.note) + ")", row.value,
                    cell(row.week_before), cell(row.mean), judged ? " " + row.verdict + " |" : "");
  }
  return text;
}

std::string chart(const Report& report) {
  std::string head = "| Uses by week |", line = "|---|", body;
  for (const IsoWeek& week : report.weeks) {
    head += fmt::format(" {} |", format_iso_week(week));
    line += "--:|";
  }
  for (const ReportSubject& feature : report.features) {
    body += fmt::format("| {} |", escape(feature.title));
    for (const auto& uses : feature.weekly_uses) {
      body += fmt::format(" {} |", uses ? number_text(Unit::count, *uses) : kNotKnown);
    }
    body += '\n';
  }
  return head + "\n" + line + "\n" + body;
}

}  // namespace

std::string render_report_markdown(const Report& report) {
  std::string text =
      fmt::format("# {}\n\n{}\n\n{}\n\n## The last eight weeks\n\n{}", report_title(report),
                  report_days(report), escape(headline(report)), chart(report));
  for (const ReportSection& section : sections(report)) {
    text += fmt::format("\n## {}\n\n{}", section.title, table(section));
  }
  return text + fmt::format(
                    "\nChanges are on the week before and on the mean of the four weeks before; "
                    "beside each "
                    "stands that number. {} is not known.\n",
                    kNotKnown);
}

}  // namespace usage
