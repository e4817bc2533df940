#pragma once

#include <string>

#include "exporter/http/http_server.h"
#include "exporter/pages/page_links.h"

namespace usage {

// GET /config: the config of `path`. `text` is Config::shown.
HttpResponse config_page(const std::string& path, const std::string& text, const PageLinks& links);

}  // namespace usage
