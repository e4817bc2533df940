#pragma once

#include <span>
#include <string>
#include <string_view>

#include "exporter/base/sql_tokenizer.h"

namespace usage {

// The statement with '…' in place of every text, which may be anybody's id: of what is a text in
// any of the readings, nothing is left. Neither of comments and quoted names with a quote in them.
std::string without_texts(std::string_view sql, std::span<const SqlSyntax> readings);

}  // namespace usage
