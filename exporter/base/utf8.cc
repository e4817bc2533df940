#include "exporter/base/utf8.h"

#include <simdjson.h>

namespace usage {

bool valid_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace usage
