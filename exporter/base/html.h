#pragma once

#include <string>
#include <string_view>

namespace usage {

// The text as it stands in an element or in a quoted attribute.
std::string escape_html(std::string_view text);

// The same for an element; a line may break after the text's underscores.
std::string breakable_html(std::string_view text);

}  // namespace usage
