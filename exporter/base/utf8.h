#pragma once

#include <string_view>

namespace usage {

// RFC 3629: shortest forms only, no surrogates, nothing above U+10FFFF.
bool valid_utf8(std::string_view text);

}  // namespace usage
