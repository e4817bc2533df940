#pragma once

#include <string>

#include "exporter/base/clock.h"

namespace usage {

struct HttpStatus {
  int code = 0;
  std::string line;  // "HTTP/1.1 200 OK"
};

// Fetches an http:// URL and reads the first line of the answer alone. All addresses of the host
// are tried, IPv6 too: Debian builds civetweb's own client without it. Error(config) for anything
// that is no such URL; Error(unavailable) if nothing answers by HTTP before the deadline, which
// does not bound the name service.
HttpStatus http_get(const std::string& url, Deadline deadline);

}  // namespace usage
