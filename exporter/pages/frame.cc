#include "exporter/pages/frame.h"

#include <array>
#include <utility>

#include "exporter/base/format.h"
#include "exporter/base/html.h"
#include "exporter/base/timestamps.h"
#include "exporter/http/page_response.h"

namespace usage {

namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--text:#1c2024;--soft:#5c6570;--line:#d9dee3;--back:#fff;--band:#f5f7f9;
--good:#17703a;--bad:#b3261e;--warn:#8a5a00;--idle:#4a5a6a;--link:#0b57d0}
@media(prefers-color-scheme:dark){:root{--text:#e6e9ec;--soft:#9aa5b1;--line:#343b43;--back:#15181c;
--band:#1c2126;--good:#6fd08c;--bad:#ff8a80;--warn:#f0b95a;--idle:#a9b8c7;--link:#8ab4f8}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.5rem;max-width:80rem;background:var(--back);color:var(--text);
font:1rem/1.5 system-ui,sans-serif}
h1{margin:0;font-size:1.6rem}
h2{margin:2rem 0 .25rem;font-size:1.2rem}
p,li{margin:.25rem 0;color:var(--soft);max-width:60rem}
ul{margin:.5rem 0;padding-left:1.25rem}
strong{color:var(--text)}
a{color:var(--link)}
nav{margin:1rem 0 1.5rem;display:flex;flex-wrap:wrap;gap:.25rem 1.5rem}
nav a{padding:.25rem 0}
nav a[aria-current]{color:var(--text);font-weight:600;text-decoration:none;border-bottom:2px solid}
code,pre{font:.9em/1.5 ui-monospace,monospace}
code{overflow-wrap:anywhere}
pre{margin:1rem 0;padding:1rem;background:var(--band);border:1px solid var(--line);
white-space:pre-wrap;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;font-size:1.1rem;padding:1rem 0 .5rem}
th,td{padding:.5rem .75rem;text-align:left;vertical-align:top}
thead th{font-size:.85rem;color:var(--soft);border-bottom:2px solid var(--line);white-space:nowrap}
tbody{border-bottom:1px solid var(--line)}
tbody:hover,tbody:target{background:var(--band)}
tbody th{font-weight:600}
tbody th,tbody td{overflow-wrap:break-word}
tbody .number{white-space:nowrap}
.number{text-align:right}
small{display:block;color:var(--soft);font-weight:400}
time{white-space:nowrap}
.state{font-weight:600;white-space:nowrap}
.state::before{content:"";display:inline-block;width:.6em;height:.6em;margin-right:.5em;
border-radius:50%;background:currentColor}
.counts{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem}
.healthy,.met{color:var(--good)}.failing,.behind_pace{color:var(--warn)}
.stale,.missed{color:var(--bad)}.starting,.on_track,.unknown{color:var(--idle)}
.notice{padding:.5rem .75rem;border-left:4px solid var(--warn);background:var(--band);color:var(--text)}
.note td{padding-top:0;overflow-wrap:anywhere}
.error{color:var(--bad)}
@media(max-width:50rem){body{padding:1rem}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,caption,tbody,tr,th,td{display:block}
tbody{padding:.75rem 0}
th,td,.note td{padding:.15rem 0}
td[data-label]{display:flex;justify-content:space-between;gap:1rem;text-align:right}
td[data-label]>span{min-width:0;overflow-wrap:anywhere}
td[data-label]::before{content:attr(data-label);color:var(--soft);text-align:left;white-space:nowrap}
td.prose[data-label],td.prose::before{display:block;text-align:left}}
@media print{nav{display:none}tbody{break-inside:avoid}}
)";

// Of kStyle; a test computes it anew.
constexpr std::string_view kStyleHash = "sha256-ztVOfGa3szJ6iFnSh8Ahcsl3KYv540beMTxx2HCWSIo=";

std::string class_of(const PageColumn& column) {
  return column.kind.empty() ? "" : fmt::format(" class=\"{}\"", column.kind);
}

std::string navigation(std::string_view path, const PageLinks& links) {
  struct Link {
    std::string_view path, name;
    bool shown = true;
  };
  const std::array<Link, 8> all{{{"/", "Status"},
                                 {"/targets", "Targets", links.has_features},
                                 {"/report", "Weekly report", links.has_features},
                                 {"/definitions", "Definitions"},
                                 {"/config", "Config"},
                                 {links.telemetry_path, "Metrics"},
                                 {"/-/healthy", "Health"},
                                 {"/-/ready", "Readiness"}}};
  std::string html = "<nav aria-label=\"Pages\">";
  for (const Link& link : all) {
    if (link.shown) {
      html += fmt::format("<a href=\"{}\"{}>{}</a>\n", escape_html(link.path),
                          link.path == path ? " aria-current=\"page\"" : "", link.name);
    }
  }
  return html + "</nav>\n";
}

}  // namespace

HttpResponse framed_page(std::string_view path, std::string_view title, const std::string& lead,
                         const std::string& body, const PageLinks& links) {
  const bool first = path == "/";
  return page_response(
      fmt::format("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<title>{0}{1}usage_exporter</title>\n<link rel=\"icon\" href=\"data:,\">\n"
                  "<style>{2}</style>\n</head>\n<body>\n<header>\n<h1>{3}</h1>\n{4}{5}"
                  "</header>\n<main>\n{6}</main>\n</body>\n</html>\n",
                  first ? "" : escape_html(title), first ? "" : " – ", kStyle, escape_html(title),
                  lead, navigation(path, links), body),
      kStyleHash);
}

std::string approximate_duration(Duration duration) {
  // Each unit, and the length from which on smaller units are left out.
  constexpr std::array<std::pair<Duration, Duration>, 4> kUnits{
      {{std::chrono::hours(1), std::chrono::days(1)},
       {std::chrono::minutes(1), std::chrono::hours(1)},
       {std::chrono::seconds(1), std::chrono::seconds(10)},
       {std::chrono::milliseconds(1), std::chrono::milliseconds(1)}}};
  for (const auto& [unit, from] : kUnits) {
    if (duration >= from) {
      return format_duration(duration - duration % unit);
    }
  }
  return "<1ms";
}

std::string time_element(Instant instant, const std::string& text) {
  const std::string exact = format_rfc3339(std::chrono::floor<std::chrono::seconds>(instant));
  return fmt::format("<time datetime=\"{0}\" title=\"{0}\">{1}</time>", exact, text);
}

std::string relative_time(Instant instant, Instant now) {
  const Duration age = now - instant;
  return time_element(
      instant, age < std::chrono::seconds(1)
                   ? "just now"
                   : approximate_duration(std::chrono::floor<std::chrono::seconds>(age)) + " ago");
}

std::string until(Instant instant, Instant now) {
  const Duration left = instant - now;
  return time_element(
      instant, left < std::chrono::seconds(1)
                   ? "now"
                   : "in " + approximate_duration(std::chrono::floor<std::chrono::seconds>(left)));
}

std::string state_element(std::string_view kind, std::string_view word) {
  return fmt::format("<span class=\"state {}\">{}</span>", kind, escape_html(word));
}

PageTable::PageTable(std::string_view caption, std::span<const PageColumn> columns,
                     std::string_view about)
    : columns_(columns) {
  html_ = fmt::format("<table>\n<caption>{}{}</caption>\n<thead>\n<tr>", escape_html(caption),
                      about.empty() ? "" : "<small>" + escape_html(about) + "</small>");
  for (const PageColumn& column : columns_) {
    html_ += fmt::format("<th scope=\"col\"{}>{}</th>", class_of(column), column.name);
  }
  html_ += "</tr>\n</thead>\n";
}

void PageTable::row(const std::string& html, std::string_view id) {
  end_row();
  html_ += fmt::format("<tbody{}>\n<tr><th scope=\"row\">{}</th>",
                       id.empty() ? "" : fmt::format(" id=\"{}\"", escape_html(id)), html);
  next_ = 1;
}

void PageTable::cell(std::string_view html) {
  const PageColumn& column = columns_[next_++];
  // One element: a flex box would part what stands in it.
  html_ += fmt::format("<td data-label=\"{}\"{}><span>{}</span></td>", column.name,
                       class_of(column), html);
}

void PageTable::note(const std::string& html) {
  html_ +=
      fmt::format("</tr>\n<tr class=\"note\"><td colspan=\"{}\">{}</td>", columns_.size(), html);
}

void PageTable::end_row() {
  if (next_ > 0) {
    html_ += "</tr>\n</tbody>\n";
  }
}

std::string PageTable::html() && {
  end_row();
  return html_ + "</table>\n";
}

}  // namespace usage
