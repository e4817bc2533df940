#include "exporter/config/yaml_mapping.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "exporter/base/format.h"
#include "exporter/base/strings.h"
#include "exporter/config/yaml.h"

namespace usage::yaml {

namespace {

std::string_view kind_name(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "empty";
    case Node::Kind::scalar:
      return "a single value";
    case Node::Kind::sequence:
      return "a list";
    case Node::Kind::mapping:
      return "a mapping";
  }
  return "unknown";
}

// "must be X, not Y"; Y is never a secret.
std::string expected(std::string_view what, std::string_view wanted, const Node& node) {
  if (node.kind == Node::Kind::null) {
    return fmt::format("{} is empty; it must be {}", what, wanted);
  }
  if (node.kind != Node::Kind::scalar) {
    return fmt::format("{} must be {}, not {}", what, wanted, kind_name(node));
  }
  return fmt::format("{} must be {}, not {}", what, wanted, quoted(node));
}

bool report_unless_scalar(const Node& node, std::string_view what, std::string_view wanted,
                          Problems& problems) {
  if (node.kind == Node::Kind::scalar) {
    return true;
  }
  problems.add(node.position, expected(what, wanted, node));
  return false;
}

// YAML allows a plus sign.
template <typename Number>
std::optional<Number> parse_yaml_number(std::string_view text) {
  const bool plus = text.starts_with('+') && !text.starts_with("+-");
  return parse_number<Number>(text.substr(plus ? 1 : 0));
}

std::string quote_hint(const Node& node) {
  return !node.plain && !node.secret && parse_yaml_number<double>(node.text) ? "; remove the quotes"
                                                                             : "";
}

// YAML 1.1 had many words for true and false; YAML 1.2 and this reader have one each.
std::string boolean_hint(const Node& node) {
  constexpr std::array<std::string_view, 8> kTrue{"yes", "Yes", "YES", "on",
                                                  "On",  "ON",  "y",   "True"};
  constexpr std::array<std::string_view, 8> kFalse{"no",  "No",  "NO", "off",
                                                   "Off", "OFF", "n",  "False"};
  if (node.secret) {
    return {};
  }
  if (node.text == "true" || node.text == "false") {
    return "; remove the quotes";
  }
  if (std::find(kTrue.begin(), kTrue.end(), node.text) != kTrue.end()) {
    return "; write true";
  }
  return std::find(kFalse.begin(), kFalse.end(), node.text) != kFalse.end() ? "; write false" : "";
}

}  // namespace

bool may_show(const Node& node) {
  return !node.secret && node.text.find("://") == std::string::npos;
}

std::string quoted(const Node& node) {
  if (node.secret) {
    return "the value from the environment";
  }
  if (!may_show(node)) {
    return "this value";
  }
  constexpr std::size_t kShown = 60;
  std::string shown;
  for (const char c : node.text) {
    const bool begins = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (begins && shown.size() >= kShown) {
      shown += "…";
      break;
    }
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  }
  return fmt::format("\"{}\"", shown);
}

Mapping::Mapping(const Node& node, std::string what, Problems& problems)
    : node_(node), what_(std::move(what)), problems_(problems) {
  if (!node_.is_mapping()) {
    problems_.add(node_.position, expected(what_, "a mapping (key: value)", node_));
  }
}

bool Mapping::has(std::string_view key) { return find(key) != nullptr; }

const Node* Mapping::find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
    known_.emplace_back(key);
  }
  for (const auto& [name, value] : node_.entries) {
    if (name.text == key) {
      return &value;
    }
  }
  return nullptr;
}

const Node* Mapping::require(std::string_view key) {
  const Node* node = find(key);
  if (node == nullptr && node_.is_mapping()) {
    problems_.add(node_.position, fmt::format("{} lacks the key \"{}\"", what_, key));
  }
  return node;
}

std::optional<std::string> Mapping::string(std::string_view key) {
  const Node* node = find(key);
  return node == nullptr ? std::nullopt : as_string(*node, label(key), problems_);
}

std::string Mapping::require_string(std::string_view key) {
  const Node* node = require(key);
  if (node == nullptr) {
    return {};
  }
  std::string text = as_string(*node, label(key), problems_).value_or("");
  if (node->kind == Node::Kind::scalar && text.empty() && !node->secret) {
    problems_.add(node->position, fmt::format("{} is empty", label(key)));
  }
  return text;
}

std::optional<bool> Mapping::boolean(std::string_view key) {
  const Node* node = find(key);
  if (node == nullptr || !report_unless_scalar(*node, label(key), "true or false", problems_)) {
    return std::nullopt;
  }
  if (node->plain && (node->text == "true" || node->text == "false")) {
    return node->text == "true";
  }
  problems_.add(node->position, expected(label(key), "true or false", *node) + boolean_hint(*node));
  return std::nullopt;
}

std::optional<std::int64_t> Mapping::integer(std::string_view key, std::int64_t min,
                                             std::int64_t max) {
  const Node* node = find(key);
  const std::string wanted = fmt::format("a whole number from {} to {}", min, max);
  if (node == nullptr || !report_unless_scalar(*node, label(key), wanted, problems_)) {
    return std::nullopt;
  }
  const auto value = node->plain ? parse_yaml_number<std::int64_t>(node->text) : std::nullopt;
  if (value && *value >= min && *value <= max) {
    return value;
  }
  problems_.add(node->position, expected(label(key), wanted, *node) + quote_hint(*node));
  return std::nullopt;
}

std::optional<double> Mapping::number(std::string_view key) {
  const Node* node = find(key);
  return node == nullptr ? std::nullopt : as_number(*node, label(key), problems_);
}

std::optional<Duration> Mapping::duration(std::string_view key, Duration min, Duration max) {
  const Node* node = find(key);
  constexpr std::string_view kWanted = "a duration such as 90s, 15m or 1h30m";
  if (node == nullptr || !report_unless_scalar(*node, label(key), kWanted, problems_)) {
    return std::nullopt;
  }
  const auto value = parse_duration(node->text);
  if (!value) {
    const bool bare = parse_yaml_number<double>(node->text).has_value() && !node->secret;
    problems_.add(node->position,
                  expected(label(key), kWanted, *node) +
                      (bare ? fmt::format("; for seconds write {}s", node->text) : std::string()));
    return std::nullopt;
  }
  if (*value < min || *value > max) {
    problems_.add(node->position,
                  fmt::format("{} must be from {} to {}, not {}", label(key), format_duration(min),
                              format_duration(max), quoted(*node)));
    return std::nullopt;
  }
  return value;
}

std::optional<std::size_t> Mapping::choice(std::string_view key,
                                           const std::vector<std::string>& choices) {
  const Node* node = find(key);
  std::string wanted = "one of ";
  for (std::size_t i = 0; i < choices.size(); ++i) {
    wanted += (i == 0 ? "" : ", ") + choices[i];
  }
  if (node == nullptr || !report_unless_scalar(*node, label(key), wanted, problems_)) {
    return std::nullopt;
  }
  const auto found = std::find(choices.begin(), choices.end(), node->text);
  if (found != choices.end()) {
    return static_cast<std::size_t>(found - choices.begin());
  }
  const std::string near = node->secret ? "" : closest(node->text, choices);
  problems_.add(node->position,
                expected(label(key), wanted, *node) +
                    (near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  return std::nullopt;
}

std::vector<std::string> Mapping::strings(std::string_view key) {
  const Node* node = find(key);
  std::vector<std::string> texts;
  if (node == nullptr) {
    return texts;
  }
  if (node->kind == Node::Kind::sequence) {
    const std::string what = fmt::format("an item of {}", label(key));
    for (const Node& item : node->items) {
      if (auto text = as_string(item, what, problems_)) {
        texts.push_back(std::move(*text));
      }
    }
  } else if (node->kind == Node::Kind::scalar) {
    texts.push_back(node->text);
  } else {
    problems_.add(node->position, expected(label(key), "a list of texts", *node));
  }
  return texts;
}

std::vector<Entry> Mapping::entries(std::string_view key) {
  const Node* node = find(key);
  if (node == nullptr) {
    return {};
  }
  if (!node->is_mapping()) {
    problems_.add(node->position, expected(label(key), "a mapping (key: value)", *node));
  }
  return node->entries;
}

std::map<std::string, std::string> Mapping::string_map(std::string_view key) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, value] : entries(key)) {
    if (auto text =
            as_string(value, fmt::format("{} of {}", quoted(name), label(key)), problems_)) {
      texts.emplace(name.text, std::move(*text));
    }
  }
  return texts;
}

void Mapping::problem(std::string_view key, std::string message) {
  const auto found = std::find_if(node_.entries.begin(), node_.entries.end(),
                                  [&](const Entry& entry) { return entry.key.text == key; });
  problems_.add(found == node_.entries.end() ? node_.position : found->value.position,
                std::move(message));
}

void Mapping::finish() {
  for (const auto& [key, value] : node_.entries) {
    if (std::find(known_.begin(), known_.end(), key.text) == known_.end()) {
      problems_.add(key.position, fmt::format("unknown key {} in {}{}", quoted(key), what_,
                                              did_you_mean(key.text, known_)));
    }
  }
}

std::string Mapping::label(std::string_view key) const {
  return fmt::format("\"{}\" in {}", key, what_);
}

std::optional<std::string> as_string(const Node& node, std::string_view what, Problems& problems) {
  if (!report_unless_scalar(node, what, "a text", problems)) {
    return std::nullopt;
  }
  return node.text;
}

std::optional<double> as_number(const Node& node, std::string_view what, Problems& problems) {
  if (!report_unless_scalar(node, what, "a number", problems)) {
    return std::nullopt;
  }
  const auto value = node.plain ? parse_yaml_number<double>(node.text) : std::nullopt;
  if (value && std::isfinite(*value)) {
    return value;
  }
  problems.add(node.position, expected(what, "a number", node) + quote_hint(node));
  return std::nullopt;
}

}  // namespace usage::yaml
