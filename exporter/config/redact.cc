#include "exporter/config/redact.h"

#include <algorithm>

#include "exporter/base/json_text.h"
#include "exporter/config/drivers.h"
#include "exporter/config/redact_sql.h"
#include "exporter/config/yaml_mapping.h"

namespace usage {

namespace {

constexpr auto kNone = std::string_view::npos;

// True if YAML can write the text as a block of lines.
bool is_block(const std::string& text) {
  return text.ends_with('\n') && !text.ends_with("\n\n") && text.front() != ' ' &&
         text.front() != '\n' && text.find_first_of("\r\t") == kNone;
}

// How the SQL of a collector may be read: as its sources do, or in any way when that is not known.
std::vector<SqlSyntax> readings_of(const std::string& collector, const Config& config) {
  std::vector<const DriverInfo*> known;
  for (const CollectorConfig& other : config.collectors) {
    for (const std::string& name : other.sources) {
      const DatabaseConfig* const database = config.source(name).database();
      if (other.name == collector) {
        known.push_back(database == nullptr ? nullptr : find_driver(database->driver));
      }
    }
  }
  const bool all = known.empty() || std::ranges::count(known, nullptr) > 0;
  std::vector<SqlSyntax> readings;
  for (const DriverInfo& driver : drivers()) {
    if (all || std::ranges::count(known, &driver) > 0) {
      readings.insert(readings.end(), driver.syntaxes.begin(), driver.syntaxes.end());
    }
  }
  return readings;
}

class Redactor {
 public:
  explicit Redactor(const Config& config) : config_(config) {}

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

  // Every place that Config holds as a Secret, wherever its text comes from.
  bool is_secret() const {
    return keys_.back() == "dsn" || (keys_.back() == "key" && is_under("ingest"));
  }

  // In the rules that say who counts, everything but the column may name people.
  bool is_hidden(const yaml::Node& node) const {
    const bool of_people =
        (is_under("exclude") || is_under("eligible")) && keys_.back() != "column";
    return of_people || is_secret() || !yaml::may_show(node);
  }

  bool is_sql() const {
    return keys_.front() == "collectors" && keys_.size() > 1 &&
           (keys_.back() == "query" || keys_.back() == "sql" || is_under("queries"));
  }

  // Writes what follows a key or a dash of this indentation.
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
    const std::string shown =
        is_sql() ? without_texts(node.text, readings_of(keys_.at(1), config_)) : node.text;
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

  const Config& config_;
  std::vector<std::string> keys_;  // around the node, the innermost last
  std::string text_;
};

}  // namespace

std::string shown_config(const yaml::Node& document, const Config& config) {
  Redactor redactor(config);
  redactor.mapping(document, 0);
  return std::move(redactor).text();
}

}  // namespace usage
