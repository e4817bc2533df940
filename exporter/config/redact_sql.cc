#include "exporter/config/redact_sql.h"

#include <algorithm>
#include <vector>

namespace usage {

namespace {

constexpr std::string_view kQuotes = "'\"`$";

// How much of the front of a token may be seen: all of it, or the prefix of a text.
std::size_t visible_size(const SqlToken& token) {
  switch (token.kind) {
    case SqlToken::Kind::text:
      return token.text.find_first_of(kQuotes);
    case SqlToken::Kind::name: {
      const std::string_view inner = token.text.substr(1, token.text.size() - 2);
      return inner.find_first_of(kQuotes) == std::string_view::npos ? token.text.size() : 0;
    }
    case SqlToken::Kind::comment:
      return token.text.find_first_of(kQuotes) == std::string_view::npos ? token.text.size() : 0;
    default:
      return token.text.size();
  }
}

std::string_view stand_in(std::string_view hidden) {
  if (hidden.starts_with("--")) {
    return "-- …";
  }
  if (hidden.starts_with("/*")) {
    return "/* … */";
  }
  switch (hidden.front()) {
    case '"':
      return "\"…\"";
    case '`':
      return "`…`";
    case '[':
      return "[…]";
    case '#':
      return "# …";
    default:
      return "'…'";
  }
}

}  // namespace

std::string without_texts(std::string_view sql, std::span<const SqlSyntax> readings) {
  std::vector<bool> hidden(sql.size());
  for (const SqlSyntax& reading : readings) {
    auto at = hidden.begin();
    for (const SqlToken& token : sql_tokens(sql, reading)) {
      const auto end = at + static_cast<std::ptrdiff_t>(token.text.size());
      std::fill(at + static_cast<std::ptrdiff_t>(visible_size(token)), end, true);
      at = end;
    }
  }
  std::string shown;
  for (std::size_t begin = 0; begin < sql.size();) {
    const auto run = hidden.begin() + static_cast<std::ptrdiff_t>(begin);
    const std::size_t end =
        static_cast<std::size_t>(std::find(run, hidden.end(), !*run) - hidden.begin());
    const std::string_view text = sql.substr(begin, end - begin);
    shown += *run ? stand_in(text) : text;
    begin = end;
  }
  return shown;
}

}  // namespace usage
