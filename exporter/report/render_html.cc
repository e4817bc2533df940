#include "exporter/report/render_html.h"

#include <algorithm>

#include "exporter/base/format.h"
#include "exporter/base/html.h"
#include "exporter/report/render_text.h"

namespace usage {

namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--text:#1c2024;--soft:#5c6570;--line:#d9dee3;--back:#fff;--band:#f5f7f9;
--good:#17703a;--bad:#b3261e;--bar:#3b6fb6;--now:#0b3d91}
@media(prefers-color-scheme:dark){:root{--text:#e6e9ec;--soft:#9aa5b1;--line:#343b43;--back:#15181c;
--band:#1c2126;--good:#6fd08c;--bad:#ff8a80;--bar:#5b86c0;--now:#a8c7fa}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.5rem;max-width:64rem;background:var(--back);color:var(--text);
font:1rem/1.5 system-ui,sans-serif}
h1{margin:0;font-size:1.6rem}
h2{margin:2.5rem 0 .5rem;font-size:1.2rem}
p{margin:.25rem 0}
.soft,small{color:var(--soft)}
.headline{margin:1.25rem 0;padding:1rem 1.25rem;background:var(--band);border-left:4px solid var(--now);
font-size:1.25rem;line-height:1.4}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(18rem,1fr));gap:1rem 2rem}
figure{margin:0}
figcaption{font-weight:600}
svg{display:block;width:100%;height:auto}
svg text{font:14px system-ui,sans-serif;fill:var(--text);text-anchor:middle}
svg .week{fill:var(--soft)}
svg line{stroke:var(--line)}
rect{fill:var(--bar)}rect.now{fill:var(--now)}
table{width:100%;table-layout:fixed;border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.4rem .5rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
thead th{font-size:.85rem;color:var(--soft);border-bottom-width:2px;vertical-align:bottom}
tbody th{font-weight:600;overflow-wrap:break-word}
.number{text-align:right}
thead th{width:22%}thead th:first-child{width:40%}thead th:nth-child(2){width:16%}
td.value{font-weight:600}
small{display:block;font-size:.85rem;font-weight:400}
.good{color:var(--good)}.bad{color:var(--bad)}
@media(max-width:40rem){body{padding:1rem}.headline{font-size:1.1rem}
th,td{padding:.35rem .2rem}table{font-size:.85rem}thead th{width:25%}thead th:first-child{width:32%}
thead th:nth-child(2){width:18%}thead th,small{font-size:.75rem}}
@media print{:root{--text:#000;--soft:#444;--line:#bbb;--back:#fff;--band:#fff;--good:#17703a;
--bad:#b3261e;--bar:#3b6fb6;--now:#0b3d91}body{padding:0;max-width:none;font-size:10pt}
tr,figure,.headline{break-inside:avoid}h2{break-after:avoid}thead{display:table-header-group}}
)";

std::string in_words(const ReportSubject& feature, const std::vector<IsoWeek>& weeks) {
  std::string text;
  for (std::size_t i = 0; i < weeks.size(); ++i) {
    const auto& uses = feature.weekly_uses[i];
    text += fmt::format("{}{}: {}", i == 0 ? "" : ", ", format_iso_week(weeks[i]),
                        uses ? number_text(Unit::count, *uses) : "not known");
  }
  return text + ".";
}

// Bars, each with its number above and its week below; a week that is not known has none.
std::string chart(const ReportSubject& feature, const std::vector<IsoWeek>& weeks,
                  std::size_t number) {
  constexpr double kStep = 60, kBar = 40, kHeight = 110, kTop = 20;
  double most = 0;
  for (const auto& uses : feature.weekly_uses) {
    most = std::max(most, uses.value_or(0));
  }
  std::string bars;
  for (std::size_t i = 0; i < weeks.size(); ++i) {
    const auto& uses = feature.weekly_uses[i];
    const double middle = kStep * static_cast<double>(i) + kStep / 2;
    const double height = most > 0 ? kHeight * uses.value_or(0) / most : 0;
    if (uses) {
      bars +=
          fmt::format("<rect{} x=\"{:.0f}\" y=\"{:.1f}\" width=\"{:.0f}\" height=\"{:.1f}\"/>\n",
                      i + 1 == weeks.size() ? " class=\"now\"" : "", middle - kBar / 2,
                      kTop + kHeight - height, kBar, height);
    }
    bars += fmt::format(
        "<text x=\"{0:.0f}\" y=\"{1:.1f}\">{2}</text>\n"
        "<text class=\"week\" x=\"{0:.0f}\" y=\"{3:.0f}\">W{4:02}</text>\n",
        middle, kTop + kHeight - height - 5,
        uses ? number_text(Unit::count, *uses) : std::string(kNotKnown), kTop + kHeight + 16,
        weeks[i].number);
  }
  const double width = kStep * static_cast<double>(weeks.size());
  return fmt::format(
      "<figure>\n<figcaption>{0}</figcaption>\n"
      "<svg viewBox=\"0 0 {1:.0f} {2:.0f}\" role=\"img\" aria-labelledby=\"chart{3}\">\n"
      "<title id=\"chart{3}\">Uses of {0} by week. {4}</title>\n"
      "<line x1=\"0\" y1=\"{5:.0f}\" x2=\"{1:.0f}\" y2=\"{5:.0f}\"/>\n{6}</svg>\n</figure>\n",
      escape_html(feature.title), width, kTop + kHeight + 24, number, in_words(feature, weeks),
      kTop + kHeight, bars);
}

std::string charts(const Report& report) {
  std::string text;
  for (std::size_t i = 0; i < report.features.size(); ++i) {
    text += chart(report.features[i], report.weeks, i + 1);
  }
  return "<section aria-labelledby=\"weeks\">\n<h2 id=\"weeks\">Uses in the last eight weeks</h2>\n"
         "<div class=\"charts\">\n" +
         text + "</div>\n</section>\n";
}

std::string with_note(const std::string& text, const std::string& note) {
  return breakable_html(text) + (note.empty() ? "" : "<small>" + breakable_html(note) + "</small>");
}

std::string change_cell(const ReportRow::Change& change) {
  return fmt::format("<td class=\"number\">{}</td>", with_note(change.by, change.from));
}

// A judged row says so below its number: a column more would not fit on a phone.
std::string value_cell(const ReportRow& row) {
  const std::string kind = row.verdict == "met" ? "good" : row.verdict == "missed" ? "bad" : "soft";
  return fmt::format("<td class=\"number value\">{}{}</td>", escape_html(row.value),
                     row.verdict.empty() ? ""
                                         : fmt::format("<small class=\"{}\">{}</small>", kind,
                                                       escape_html(row.verdict)));
}

std::string table(const ReportSection& section, std::size_t number) {
  std::string text = fmt::format(
      "<section aria-labelledby=\"section{0}\">\n<h2 id=\"section{0}\">{1}</h2>\n"
      "<table aria-labelledby=\"section{0}\">\n"
      "<thead>\n<tr><th scope=\"col\">{2}</th><th scope=\"col\" class=\"number\">Week</th>"
      "<th scope=\"col\" class=\"number\">On the week before</th>"
      "<th scope=\"col\" class=\"number\">On the mean of four</th></tr>\n"
      "</thead>\n<tbody>\n",
      number, escape_html(section.title), escape_html(section.first_column));
  for (const ReportRow& row : section.rows) {
    text += fmt::format("<tr><th scope=\"row\">{}</th>{}{}{}</tr>\n", with_note(row.name, row.note),
                        value_cell(row), change_cell(row.week_before), change_cell(row.mean));
  }
  return text + "</tbody>\n</table>\n</section>\n";
}

}  // namespace

std::string render_report_html(const Report& report) {
  std::string body = charts(report);
  std::size_t number = 0;
  for (const ReportSection& section : sections(report)) {
    body += table(section, ++number);
  }
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{1}</style>\n</head>\n"
      "<body>\n<header>\n<h1>{0}</h1>\n<p class=\"soft\">{2}</p>\n</header>\n<main>\n"
      "<p class=\"headline\">{3}</p>\n{4}</main>\n"
      "<footer>\n<p class=\"soft\">Changes are on the week before and on the mean of the four "
      "weeks "
      "before; below each stands that number. {5} is not known.</p>\n</footer>\n</body>\n</html>\n",
      report_title(report), kStyle, escape_html(report_days(report)), escape_html(headline(report)),
      body, kNotKnown);
}

}  // namespace usage
