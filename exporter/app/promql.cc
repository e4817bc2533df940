#include "exporter/app/promql.h"

#include <algorithm>
#include <array>

#include "exporter/base/strings.h"

namespace usage {

namespace {

// A list of labels follows them, not metrics.
constexpr std::array<std::string_view, 6> kLabelLists{"by",       "without",    "on",
                                                      "ignoring", "group_left", "group_right"};
constexpr std::array<std::string_view, 12> kWords{
    "and", "or", "unless", "bool", "offset", "inf", "nan", "start", "end", "atan2", "INF", "NaN"};
// They may stand before "by (…)" instead of "(".
constexpr std::array<std::string_view, 12> kAggregations{
    "sum",    "min",   "max",     "avg",  "group",    "stddev",
    "stdvar", "count", "bottomk", "topk", "quantile", "count_values"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::set<std::string> run() {
    std::set<std::string> names;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        skip_to('\n');
      } else if (c == '"' || c == '\'' || c == '`') {
        skip_string(c);
      } else if (c == '{') {
        skip_group('}');
      } else if (c == '[') {
        skip_group(']');
      } else if (is_digit(c) || c == '.' || c == '$') {  // also 5m, 0x1f, and Grafana's variables
        while (at_ < text_.size() && (is_digit(peek()) || is_letter(peek()) || is_mark(peek()))) {
          ++at_;
        }
      } else if (is_letter(c)) {
        add(word(), names);
      } else {
        ++at_;
      }
    }
    return names;
  }

 private:
  static bool is_mark(char c) { return c == '.' || c == '$'; }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string_view word() {
    const std::size_t from = at_;
    while (is_letter(peek()) || is_digit(peek())) {
      ++at_;
    }
    return text_.substr(from, at_ - from);
  }

  void add(std::string_view word, std::set<std::string>& names) {
    while (peek() == ' ' || peek() == '\n' || peek() == '\t' || peek() == '\r') {
      ++at_;
    }
    if (is_one_of(kLabelLists, word)) {
      if (peek() == '(') {
        skip_group(')');
      }
      return;
    }
    if (peek() != '(' && !is_one_of(kWords, word) && !is_one_of(kAggregations, word)) {
      names.emplace(word);
    }
  }

  void skip_to(char end) {
    const std::size_t found = text_.find(end, at_);
    at_ = found == std::string_view::npos ? text_.size() : found + 1;
  }

  void skip_string(char quote) {
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && quote != '`') {
        ++at_;
      }
    }
    ++at_;
  }

  // Groups of one kind do not nest in these places; strings in them may hold the end.
  void skip_group(char end) {
    while (at_ < text_.size() && text_[at_] != end) {
      const char c = text_[at_];
      if (c == '"' || c == '\'' || c == '`') {
        skip_string(c);
      } else {
        ++at_;
      }
    }
    ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::set<std::string> metrics_of(std::string_view expression) { return Scanner(expression).run(); }

}  // namespace usage
