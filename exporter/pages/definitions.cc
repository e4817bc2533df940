#include "exporter/pages/definitions.h"

#include <array>

#include "collectors/measures/document.h"
#include "exporter/base/format.h"
#include "exporter/base/html.h"
#include "exporter/pages/frame.h"

namespace usage {

namespace {

constexpr std::array kSeriesColumns{PageColumn{"Series"}, PageColumn{"Type"}, PageColumn{"Labels"},
                                    PageColumn{"Meaning", "prose"}};

// The little of Markdown that conventions() has: **strong** and `code`.
std::string from_markdown(std::string_view text) {
  std::string html;
  bool strong = false, code = false;
  const std::string escaped = escape_html(text);
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] == '`') {
      html += code ? "</code>" : "<code>";
      code = !code;
    } else if (!code && escaped.compare(i, 2, "**") == 0) {
      html += strong ? "</strong>" : "<strong>";
      strong = !strong;
      ++i;
    } else {
      html += escaped[i];
    }
  }
  return html;
}

std::string labels_of(const MetricFamily& family) {
  std::string html;
  for (const std::string& label : family.label_names) {
    html += fmt::format("{}<code>{}</code>", html.empty() ? "" : ", ", breakable_html(label));
  }
  return html.empty() ? std::string(kNothing) : html;
}

std::string group_html(const DefinitionGroup& group, std::set<std::string>& anchors) {
  PageTable table(group.title, kSeriesColumns, group.about);
  for (const MetricFamily& family : group.families) {
    // Collectors may share a family; an anchor is one.
    const bool first = anchors.insert(family.name).second;
    table.row(first ? fmt::format("<a href=\"#{}\">{}</a>", escape_html(family.name),
                                  breakable_html(family.name))
                    : breakable_html(family.name),
              first ? family.name : std::string_view());
    table.cell(escape_html(to_string(family.type)));
    table.cell(labels_of(family));
    table.cell(escape_html(family.help) +
               (group.absent.contains(family.name) ? "<small>No series now.</small>" : ""));
  }
  return fmt::format("<section id=\"{}\">\n{}</section>\n", escape_html(group.id),
                     std::move(table).html());
}

}  // namespace

HttpResponse definitions_page(const std::vector<DefinitionGroup>& groups, const PageLinks& links) {
  std::string body;
  if (links.has_features) {
    body += "<section>\n<h2>What holds for all numbers of features</h2>\n<ul>\n";
    for (const std::string_view convention : conventions()) {
      body += fmt::format("<li>{}</li>\n", from_markdown(convention));
    }
    body += "</ul>\n</section>\n";
  }
  std::string contents = "<ul>\n";
  std::set<std::string> anchors;
  for (const DefinitionGroup& group : groups) {
    contents += fmt::format("<li><a href=\"#{}\">{}</a>: {}</li>\n", escape_html(group.id),
                            escape_html(group.title), group.families.size());
    body += group_html(group, anchors);
  }
  return framed_page("/definitions", "Definitions",
                     "<p>Every series that this config can have, and what it means.</p>\n",
                     contents + "</ul>\n" + body, links);
}

}  // namespace usage
