#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "exporter/http/http_server.h"

namespace usage {

// Status line and headers, with the empty line that ends them. `reason` is the status in words,
// `size` that of the body. Any thread.
std::string response_head(const HttpResponse& response, std::string_view reason, std::size_t size,
                          bool keep_alive);

}  // namespace usage
