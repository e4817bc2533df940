#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collectors/report/report.h"

// What the Markdown and the HTML of a report say, before either is written; UTF-8, not escaped.
namespace usage {

inline constexpr char kNotKnown[] = "–";

struct ReportRow {
  struct Change {
    std::string by, from;  // "+12 %", "38"; from is empty where it is not known
  };
  std::string name, note;  // note: what the number is, or nothing
  std::string value;
  Change week_before, mean;
  std::string verdict;  // of targets
};

struct ReportSection {
  std::string title;
  std::string first_column;  // the heading of the rows' names
  std::vector<ReportRow> rows;
};

// The Sunday: "2026-11-22".
std::string last_day_of(const Report& report);
std::string report_title(const Report& report);  // "Week 47 of 2026"
std::string report_days(const Report& report);   // "2026-11-16 to 2026-11-22, UTC"

// What one would quote first.
std::string headline(const Report& report);

// Those that have rows: a number that is not known of the week nor of those before has none.
std::vector<ReportSection> sections(const Report& report);

std::string number_text(Unit unit, double number);

// A number of the target's measure, in its unit; and what it promised: "> 50.0 %".
std::string target_number(const Target& target, double number);
std::string threshold_text(const Target& target);

}  // namespace usage
