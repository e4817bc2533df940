// What people may see of a config: Config::shown.
#include <algorithm>

#include "exporter/base/format.h"
#include "exporter/base/json_text.h"
#include "exporter/config/parts.h"

namespace usage {

namespace {

constexpr auto kNone = std::string_view::npos;

// How long the text in quotes is that `sql` begins with, quotes included; 0: there is none. One
// that is not closed ends with the statement.
std::size_t literal_size(std::string_view sql, bool escapes) {
  if (sql.front() == '\'') {
    std::size_t end = 1;
    while (end < sql.size() && sql[end] != '\'') {
      end += escapes && sql[end] == '\\' ? 2 : 1;
    }
    return std::min(end + 1, sql.size());
  }
  // PostgreSQL's $tag$ … $tag$; $1 is a parameter.
  const std::size_t tag = sql.find_first_of("$ \n", 1);
  const bool quotes = sql.front() == '$' && tag != kNone && sql[tag] == '$' &&
                      sql.substr(1, 1).find_first_of("0123456789") == kNone;
  if (!quotes) {
    return 0;
  }
  const std::size_t end = sql.find(sql.substr(0, tag + 1), tag + 1);
  return end == kNone ? sql.size() : end + tag + 1;
}

std::size_t comment_size(std::string_view sql) {
  const bool line = sql.starts_with("--");
  if (!line && !sql.starts_with("/*")) {
    return 0;
  }
  const std::size_t end = sql.find(line ? "\n" : "*/");
  return end == kNone ? sql.size() : end + (line ? 0 : 2);
}

// Text in quotes becomes '…': it may be anybody's id. A statement is still recognized without.
std::string without_literals(std::string_view sql) {
  std::string shown;
  while (!sql.empty()) {
    const bool escapes = shown.ends_with('E') || shown.ends_with('e');
    const std::size_t literal = literal_size(sql, escapes);
    const std::size_t comment = comment_size(sql);
    shown += literal > 0 ? "'…'" : std::string(sql.substr(0, std::max<std::size_t>(comment, 1)));
    sql.remove_prefix(std::max<std::size_t>({literal, comment, 1}));
  }
  return shown;
}

// A block of lines, where YAML can say the text so.
bool is_block(const std::string& text) {
  return text.ends_with('\n') && !text.ends_with("\n\n") && text.front() != ' ' &&
         text.front() != '\n' && text.find_first_of("\r\t") == kNone;
}

class Redactor {
 public:
  void mapping(const yaml::Node& node, std::size_t indent) {
    for (const auto& [key, inner] : node.entries) {
      keys_.push_back(key.text);
      text_ += std::string(indent, ' ') + (key.plain ? key.text : json_string(key.text)) + ":";
      value(inner, indent);
      keys_.pop_back();
    }
  }

  std::string text() && { return std::move(text_); }

 private:
  bool is_under(std::string_view key) const {
    return std::find(keys_.begin(), keys_.end(), key) != keys_.end();
  }

  // A place that Config holds as a Secret belongs here, wherever its text comes from.
  bool is_secret() const {
    return keys_.back() == "dsn" || (keys_.back() == "key" && is_under("ingest"));
  }

  // Of what says who counts, all but the column may name people.
  bool is_hidden(const yaml::Node& node) const {
    const bool of_people =
        (is_under("exclude") || is_under("eligible")) && keys_.back() != "column";
    return of_people || is_secret() || !yaml::may_show(node);
  }

  bool is_sql() const {
    return is_under("collectors") &&
           (keys_.back() == "query" || keys_.back() == "sql" || is_under("queries"));
  }

  // What stands behind a key or a dash of this indentation.
  void value(const yaml::Node& node, std::size_t indent) {
    switch (node.kind) {
      case yaml::Node::Kind::null:
        text_ += '\n';
        return;
      case yaml::Node::Kind::scalar:
        scalar(node, indent);
        return;
      case yaml::Node::Kind::sequence:
        text_ += node.items.empty() ? " []\n" : "\n";
        for (const yaml::Node& item : node.items) {
          text_ += std::string(indent + 2, ' ') + "-";
          value(item, indent + 2);
        }
        return;
      case yaml::Node::Kind::mapping:
        text_ += node.entries.empty() ? " {}\n" : "\n";
        mapping(node, indent + 2);
        return;
    }
  }

  void scalar(const yaml::Node& node, std::size_t indent) {
    if (is_hidden(node)) {
      text_ += " \"<hidden>\"\n";
      return;
    }
    const std::string shown = is_sql() ? without_literals(node.text) : node.text;
    if (!is_block(shown)) {
      const bool plain = node.plain && shown.find('\n') == kNone;
      text_ += " " + (plain ? shown : json_string(shown)) + "\n";
      return;
    }
    text_ += " |\n";
    for (std::string_view rest = shown; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      text_ += (line.empty() ? "" : std::string(indent + 2, ' ')) + std::string(line) + "\n";
      rest.remove_prefix(line.size() + 1);
    }
  }

  std::vector<std::string_view> keys_;  // around the node, the innermost last
  std::string text_;
};

}  // namespace

std::string shown_config(const yaml::Node& document) {
  Redactor redactor;
  redactor.mapping(document, 0);
  return std::move(redactor).text();
}

}  // namespace usage
