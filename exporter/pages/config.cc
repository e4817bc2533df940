#include "exporter/pages/config.h"

#include "exporter/base/format.h"
#include "exporter/base/html.h"
#include "exporter/pages/frame.h"

namespace usage {

HttpResponse config_page(const std::string& path, const std::string& text, const PageLinks& links) {
  return framed_page(
      "/config", "Config",
      fmt::format("<p>What {} and the files that it includes say, as loaded.</p>\n",
                  escape_html(path)),
      fmt::format(
          "<p>Left out are DSNs, whatever comes from the environment, text in quotes within SQL, "
          "and the values by which people are left out.</p>\n<pre><code>{}</code></pre>\n",
          escape_html(text)),
      links);
}

}  // namespace usage
