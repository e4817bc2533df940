#include "exporter/base/error.h"

namespace usage {

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::config:
      return "config";
    case Reason::unavailable:
      return "unavailable";
    case Reason::timeout:
      return "timeout";
    case Reason::query:
      return "query";
    case Reason::data:
      return "data";
    case Reason::duplicate:
      return "duplicate";
    case Reason::limit:
      return "limit";
    case Reason::io:
      return "io";
  }
  return "unknown";
}

}  // namespace usage
