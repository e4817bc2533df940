// Whatever a statement looks like, its tokens are its text, and what is shown of it holds nothing
// of a text. The first byte chooses how a text is quoted, the second how many of the other bytes
// stand before it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "exporter/base/sql_tokenizer.h"
#include "exporter/config/redact_sql.h"

namespace usage {
namespace {

constexpr std::string_view kPlanted = "planted";

struct Quoting {
  std::string_view open, close;
};

constexpr SqlSyntax kPostgres{.escape_strings = true,
                              .dollar_quotes = true,
                              .returns_end_lines = true,
                              .nested_comments = true};
constexpr SqlSyntax kSqlite{
    .double_quoted_text = true, .backtick_names = true, .bracket_names = true};
constexpr SqlSyntax kMysql{.backslash_escapes = true,
                           .double_quoted_text = true,
                           .backtick_names = true,
                           .hash_comments = true,
                           .dashes_need_space = true};
constexpr std::array<SqlSyntax, 3> kSyntaxes{kPostgres, kSqlite, kMysql};

constexpr std::array<Quoting, 12> kQuotings{{{"'", "'"},
                                             {"E'", "'"},
                                             {"LIKE'", "'"},
                                             {"x'", "'"},
                                             {"U&'", "'"},
                                             {"\"", "\""},
                                             {"$$", "$$"},
                                             {"$a$", "$a$"},
                                             {"-- '", "'\n"},
                                             {"/* '", "' */"},
                                             {"'it''s ", " '"},
                                             {"E'it\\'s ", "'"}}};

void require(bool truth, const char* what) {
  if (!truth) {
    std::fprintf(stderr, "sql_tokenizer_fuzz: %s\n", what);
    std::abort();
  }
}

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Nothing in it can open or close a quote or a comment, nor be the front of a prefix or a tag.
bool opens_nothing(std::string_view before) {
  return before.find_first_of("'\"`[$#\\/*-&") == std::string_view::npos &&
         (before.empty() || before.back() == ' ');
}

void check(const std::string& sql, const SqlSyntax& syntax, bool surely_text) {
  std::string joined;
  bool is_text = surely_text;
  for (const SqlToken& token : sql_tokens(sql, syntax)) {
    require(!token.text.empty(), "an empty token");
    joined += token.text;
    is_text = is_text || (token.kind == SqlToken::Kind::text && holds(token.text, kPlanted));
  }
  require(joined == sql, "the tokens are not the text");
  // Other readings beside the right one hide more, never less.
  require(!is_text || !holds(without_texts(sql, {&syntax, 1}), kPlanted), "a text is shown");
  require(!is_text || !holds(without_texts(sql, kSyntaxes), kPlanted), "a text is shown by all");
}

}  // namespace
}  // namespace usage

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usage;
  if (size < 2) {
    return 0;
  }
  const Quoting& quoting = kQuotings[data[0] % kQuotings.size()];
  const std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::string_view before = rest.substr(0, data[1]);
  const std::string_view after = rest.substr(before.size());
  if (holds(before, "p") || holds(after, "p")) {
    return 0;  // it could be the planted text or a part of it
  }
  std::string sql(before);
  sql.append(quoting.open).append(kPlanted).append(quoting.close).append(after);
  for (const SqlSyntax& syntax : kSyntaxes) {
    const bool dollar = quoting.open.front() == '$';
    const bool escaped = quoting.open.find('\\') != std::string_view::npos;
    const bool name = quoting.open == "\"" && !syntax.double_quoted_text;
    const bool read = !name && (!dollar || syntax.dollar_quotes) &&
                      (!escaped || syntax.escape_strings || syntax.backslash_escapes);
    check(sql, syntax, read && opens_nothing(before));
  }
  return 0;
}
