#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace usage {

// How a database reads quotes and comments. The default is standard SQL.
struct SqlSyntax {
  bool escape_strings = false;      // E'it\'s', where E is a word of its own
  bool backslash_escapes = false;   // in every text
  bool dollar_quotes = false;       // $tag$text$tag$
  bool double_quoted_text = false;  // "text" is, or may be, a text
  bool backtick_names = false;      // `name`
  bool bracket_names = false;       // [name]
  bool hash_comments = false;       // # to the end of the line
  bool dashes_need_space = false;   // --x is no comment
  bool returns_end_lines = false;   // a line comment ends at \r, too
  bool nested_comments = false;     // /* /* */ */
};

struct SqlToken {
  enum class Kind {
    space,
    comment,
    word,       // a keyword, or a name without quotes
    number,     // digits and points; an exponent is a word
    text,       // with its quotes and its prefix, such as E or X; also what may be a text
    name,       // in quotes
    parameter,  // $1
    symbol,     // one character
  };
  Kind kind;
  std::string_view text;
};

// The tokens in their order; joined they are `sql`. Any bytes are accepted: quotes and comments
// that are not closed reach to the end. Throws nothing but std::bad_alloc.
std::vector<SqlToken> sql_tokens(std::string_view sql, const SqlSyntax& syntax);

// $1 → 1; 0 for anything else, and for numbers that are too large to be one of a parameter.
std::size_t parameter_number(std::string_view token);

}  // namespace usage
