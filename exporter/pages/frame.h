#pragma once

#include <span>
#include <string>
#include <string_view>

#include "exporter/base/clock.h"
#include "exporter/http/http_server.h"
#include "exporter/pages/page_links.h"

// What the HTML pages share: documents without scripts or outside resources, whose headers allow
// browsers nothing else. Parameters that are HTML say so; everything else is escaped here.
namespace usage {

// A whole document: `path` is the page's own, which the navigation marks. `lead` and `body` are
// HTML.
HttpResponse framed_page(std::string_view path, std::string_view title, const std::string& lead,
                         const std::string& body, const PageLinks& links);

// The two largest units: "3d4h", "45s", "12ms". More would only flicker.
std::string approximate_duration(Duration duration);

// As HTML; the exact time shows when the reader points at it.
std::string time_element(Instant instant, const std::string& text);
std::string relative_time(Instant instant,
                          Instant now);           // a wall clock may have gone back: "just now"
std::string until(Instant instant, Instant now);  // "in 30s", "now"

// A word with its color: `kind` is a class of the style sheet.
std::string state_element(std::string_view kind, std::string_view word);

inline constexpr std::string_view kNothing = "–";

struct PageColumn {
  std::string_view name;
  std::string_view kind = {};  // "number", "prose" or nothing: a class of the style sheet
};

// A table that becomes a list of cards on a phone. The columns outlive it; the first is the rows'
// header.
class PageTable {
 public:
  PageTable(std::string_view caption, std::span<const PageColumn> columns,
            std::string_view about = {});

  // `html` is the header's; `id` may be empty.
  void row(const std::string& html, std::string_view id = {});
  void cell(std::string_view html);    // the next of the row
  void note(const std::string& html);  // below the row, over its whole width
  std::string html() &&;

 private:
  void end_row();

  std::span<const PageColumn> columns_;
  std::string html_;
  std::size_t next_ = 0;  // column of the open row; 0: there is none
};

}  // namespace usage
