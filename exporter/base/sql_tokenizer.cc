#include "exporter/base/sql_tokenizer.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace usage {

namespace {

using Kind = SqlToken::Kind;

constexpr auto kNone = std::string_view::npos;

bool is_sql_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

bool is_sql_digit(char c) { return c >= '0' && c <= '9'; }

// Every byte of a character outside of ASCII belongs to a word.
bool begins_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool continues_word(char c) { return begins_word(c) || is_sql_digit(c) || c == '$'; }

template <typename Holds>
std::size_t span_of(std::string_view text, Holds holds) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), holds) - text.begin());
}

class Tokenizer {
 public:
  Tokenizer(std::string_view sql, const SqlSyntax& syntax) : rest_(sql), syntax_(syntax) {}

  std::optional<SqlToken> next() {
    if (rest_.empty()) {
      return std::nullopt;
    }
    const auto [kind, size] = measure();
    const SqlToken token{kind, rest_.substr(0, size)};
    rest_.remove_prefix(token.text.size());
    return token;
  }

 private:
  struct Measured {
    Kind kind;
    std::size_t size;  // may reach beyond the end
  };

  Measured measure() const {
    const char c = rest_.front();
    if (is_sql_space(c)) {
      return {Kind::space, span_of(rest_, is_sql_space)};
    }
    if (const std::size_t size = comment_size()) {
      return {Kind::comment, size};
    }
    if (const auto quoted = measure_quoted()) {
      return *quoted;
    }
    if (begins_word(c)) {
      return measure_word();
    }
    if (is_sql_digit(c)) {
      return {Kind::number, span_of(rest_, [](char d) { return is_sql_digit(d) || d == '.'; })};
    }
    return {Kind::symbol, 1};
  }

  std::size_t comment_size() const {
    if (rest_.starts_with("/*")) {
      return block_comment_size();
    }
    const bool dashes = rest_.starts_with("--") &&
                        (!syntax_.dashes_need_space || rest_.size() == 2 || is_sql_space(rest_[2]));
    const bool hash = syntax_.hash_comments && rest_.front() == '#';
    return dashes || hash ? std::min(rest_.find_first_of(line_ends()), rest_.size()) : 0;
  }

  std::string_view line_ends() const { return syntax_.returns_end_lines ? "\n\r" : "\n"; }

  std::size_t block_comment_size() const {
    std::size_t depth = 1;
    std::size_t at = 2;
    while (at < rest_.size() && depth > 0) {
      const std::string_view two = rest_.substr(at, 2);
      if (two == "*/") {
        --depth;
        at += 2;
      } else if (two == "/*" && syntax_.nested_comments) {
        ++depth;
        at += 2;
      } else {
        ++at;
      }
    }
    return at;
  }

  std::optional<Measured> measure_quoted() const {
    switch (rest_.front()) {
      case '\'':
        return Measured{Kind::text, text_size(0, syntax_.backslash_escapes)};
      case '"':
        return syntax_.double_quoted_text
                   ? Measured{Kind::text, closed_at(0, syntax_.backslash_escapes)}
                   : Measured{Kind::name, closed_at(0, false)};
      case '`':
        return syntax_.backtick_names ? std::optional(Measured{Kind::name, closed_at(0, false)})
                                      : std::nullopt;
      case '[':
        return syntax_.bracket_names ? std::optional(Measured{Kind::name, bracket_size()})
                                     : std::nullopt;
      case '$':
        return measure_dollar();
      default:
        return std::nullopt;
    }
  }

  // The end of what the quote at `open` begins, behind the closing one. A doubled quote stands for
  // itself.
  std::size_t closed_at(std::size_t open, bool escapes) const {
    const char quote = rest_[open];
    for (std::size_t at = open + 1; at < rest_.size(); ++at) {
      if (escapes && rest_[at] == '\\') {
        ++at;
      } else if (rest_[at] == quote) {
        if (at + 1 == rest_.size() || rest_[at + 1] != quote) {
          return at + 1;
        }
        ++at;
      }
    }
    return rest_.size();
  }

  // A text goes on behind a line break, with the escapes it began with: E'a' '\'b' in two lines.
  std::size_t text_size(std::size_t open, bool escapes) const {
    std::size_t end = closed_at(open, escapes);
    while (escapes) {
      const std::size_t gap = end + gap_size(rest_.substr(end));
      if (gap >= rest_.size() || rest_[gap] != '\'' ||
          rest_.substr(end, gap - end).find_first_of(line_ends()) == kNone) {
        break;
      }
      end = closed_at(gap, escapes);
    }
    return end;
  }

  // Space and line comments.
  std::size_t gap_size(std::string_view text) const {
    std::size_t size = 0;
    while (true) {
      const std::size_t before = size;
      size += span_of(text.substr(size), is_sql_space);
      if (text.substr(size).starts_with("--")) {
        size = std::min(text.find_first_of(line_ends(), size), text.size());
      }
      if (size == before) {
        return size;
      }
    }
  }

  std::size_t bracket_size() const {
    const std::size_t close = rest_.find(']');
    return close == kNone ? rest_.size() : close + 1;
  }

  Measured measure_dollar() const {
    const std::string_view behind = rest_.substr(1);
    if (const std::size_t digits = span_of(behind, is_sql_digit)) {
      return {Kind::parameter, 1 + digits};
    }
    const std::size_t tag = span_of(behind, [](char c) { return c != '$' && continues_word(c); });
    if (!syntax_.dollar_quotes || tag == behind.size() || behind[tag] != '$') {
      return {Kind::symbol, 1};
    }
    const std::string_view quote = rest_.substr(0, tag + 2);
    const std::size_t close = rest_.find(quote, quote.size());
    return {Kind::text, close == kNone ? rest_.size() : close + quote.size()};
  }

  // A word, or the text or name that it is the prefix of.
  Measured measure_word() const {
    const std::size_t size = span_of(rest_, continues_word);
    const std::string_view behind = rest_.substr(size);
    if (size == 1 && behind.starts_with('\'')) {
      const char prefix = static_cast<char>(rest_.front() | 0x20);  // in lower case
      if (prefix == 'e' && syntax_.escape_strings) {
        return {Kind::text, text_size(size, true)};
      }
      if (prefix == 'b' || prefix == 'x' || prefix == 'n') {
        return {Kind::text, text_size(size, syntax_.backslash_escapes)};
      }
    }
    if (size == 1 && (rest_.front() | 0x20) == 'u' && behind.starts_with("&'")) {
      return {Kind::text, text_size(size + 1, syntax_.backslash_escapes)};
    }
    return {Kind::word, size};
  }

  std::string_view rest_;
  const SqlSyntax& syntax_;
};

}  // namespace

std::vector<SqlToken> sql_tokens(std::string_view sql, const SqlSyntax& syntax) {
  std::vector<SqlToken> tokens;
  Tokenizer tokenizer(sql, syntax);
  while (const auto token = tokenizer.next()) {
    tokens.push_back(*token);
  }
  return tokens;
}

std::size_t parameter_number(std::string_view token) {
  std::size_t number = 0;
  const char* const end = token.data() + token.size();
  const bool whole =
      token.starts_with('$') && std::from_chars(token.data() + 1, end, number).ptr == end;
  return whole ? number : 0;
}

}  // namespace usage
