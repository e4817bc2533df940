#pragma once

#include <string>
#include <string_view>

#include "exporter/http/http_server.h"

namespace usage {

// An HTML document that is complete in itself: its headers allow browsers nothing but its one style
// sheet, whose hash is "sha256-…" as Content-Security-Policy has it.
HttpResponse page_response(std::string html, std::string_view style_hash);

}  // namespace usage
