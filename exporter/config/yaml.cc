#include "exporter/config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>

#include "exporter/base/format.h"
#include "exporter/config/yaml_mapping.h"
#include "exporter/config/yaml_text.h"

namespace usage::yaml {

namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxAliasNodes = 100'000;
constexpr std::size_t kMaxAliasBytes = 16 << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Thrown to end the parse when going on would cost too much.
struct Abandoned {};

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

// The number of nodes in a copy. A limit on it keeps aliases from making a huge tree of a small
// file.
struct Weight {
  std::size_t nodes = 1;
  std::size_t bytes = 0;
  std::size_t depth = 1;

  void add(const Weight& child) {
    nodes += child.nodes;
    bytes += child.bytes;
    depth = std::max(depth, child.depth + 1);
  }
};

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::shared_ptr<const SourceText> file, std::size_t skipped, Problems& problems)
      : file_(std::move(file)), skipped_(skipped), problems_(problems) {}

  Node take_root() { return std::move(root_); }

  Position position(const YAML::Mark& mark) const {
    if (mark.is_null() || mark.line < 0) {
      return {file_, 0, 0};
    }
    // yaml-cpp counts from 0 and behind the byte order mark.
    const std::size_t skipped = mark.line == 0 ? skipped_ : 0;
    return {file_, static_cast<std::size_t>(mark.line) + 1,
            static_cast<std::size_t>(mark.column) + 1 + skipped};
  }

  // The position of the innermost open bracket, for a message that its end is missing.
  std::string open_bracket() const {
    const auto open = std::find_if(stack_.rbegin(), stack_.rend(),
                                   [](const Frame& frame) { return frame.bracket; });
    return open == stack_.rend() ? ""
                                 : fmt::format(" (\"{}\" stands in line {})",
                                               open->node.kind == Node::Kind::sequence ? "[" : "{",
                                               open->node.position.line);
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.position = position(mark);
    node.plain = true;
    finish(std::move(node), anchor, {});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      problems_.add(position(mark), "an alias may not stand inside the node that it names");
      throw Abandoned();
    }
    const auto& [node, weight] = found->second;
    alias_nodes_ += weight.nodes;
    alias_bytes_ += weight.bytes;
    if (alias_nodes_ > kMaxAliasNodes || alias_bytes_ > kMaxAliasBytes) {
      problems_.add(position(mark),
                    fmt::format("the aliases of this file stand for more than {} nodes "
                                "or {} MiB of text; write less with aliases",
                                kMaxAliasNodes, kMaxAliasBytes >> 20));
      throw Abandoned();
    }
    check_depth(mark, weight.depth);
    finish(node, 0, weight);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    check_depth(mark, 1);
    Node node;
    node.kind = Node::Kind::scalar;
    node.position = position(mark);
    node.plain = tag != "!";  // yaml-cpp's tag of a quoted or a block scalar
    node.text = value;
    const std::size_t offset = static_cast<std::size_t>(std::max(mark.pos, 0)) + skipped_;
    if (!closed(offset)) {
      problems_.add(node.position, "this quoted text is not closed; add the closing quote");
      throw Abandoned();
    }
    if (!at_key()) {
      replace_variables(node, offset);
    }
    const std::size_t bytes = node.text.size();
    finish(std::move(node), anchor, {.bytes = bytes});
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(Node::Kind::sequence, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(Node::Kind::mapping, mark, tag, anchor, style);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    bool bracket = false;
    Weight weight;
    std::optional<Node> key;                   // mapping: read, waiting for its value
    std::map<std::string, std::size_t> lines;  // mapping: of each key
  };

  bool at_key() const {
    return !stack_.empty() && stack_.back().node.is_mapping() && !stack_.back().key;
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      problems_.add(position(mark), "YAML tags (\"!…\") are not used here; remove the tag");
    }
  }

  void check_depth(const YAML::Mark& mark, std::size_t more) {
    if (stack_.size() + more > kMaxDepth) {
      problems_.add(position(mark), fmt::format("nested deeper than {} levels", kMaxDepth));
      throw Abandoned();
    }
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    check_tag(mark, tag);
    check_depth(mark, 1);
    Frame frame;
    frame.node.kind = kind;
    frame.node.position = position(mark);
    frame.anchor = anchor;
    frame.bracket = style == YAML::EmitterStyle::Flow;
    stack_.push_back(std::move(frame));
  }

  void close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    finish(std::move(frame.node), frame.anchor, frame.weight);
  }

  void finish(Node node, YAML::anchor_t anchor, const Weight& weight) {
    if (anchor != 0) {
      anchors_[anchor] = {node, weight};
    }
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& parent = stack_.back();
    parent.weight.add(weight);
    if (parent.node.kind == Node::Kind::sequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = std::move(node);
    } else {
      add_entry(parent, std::move(*parent.key), std::move(node));
      parent.key.reset();
    }
  }

  void add_entry(Frame& mapping, Node key, Node value) {
    if (key.kind != Node::Kind::scalar) {
      problems_.add(key.position, "a key must be a text");
      return;
    }
    if (key.text == "<<" && key.plain) {
      problems_.add(key.position, "merge keys (\"<<\") are not supported; repeat the keys");
      return;
    }
    const auto [first, added] = mapping.lines.emplace(key.text, key.position.line);
    if (!added) {
      problems_.add(key.position, fmt::format("duplicate key {}; it stands in line {} already",
                                              quoted(key), first->second));
      return;
    }
    if (value.kind == Node::Kind::null && value.position.line > key.position.line) {
      value.position = key.position;  // yaml-cpp puts a missing value at whatever comes next
    }
    mapping.node.entries.push_back({std::move(key), std::move(value)});
  }

  // yaml-cpp takes the end of the file for a closing quote when a line break stands before it.
  bool closed(std::size_t begin) const {
    const std::string& text = file_->text;
    if (begin >= text.size() || (text[begin] != '"' && text[begin] != '\'')) {
      return true;
    }
    std::size_t end = begin + 1;
    while (end < text.size() && text[end] != text[begin]) {
      end += text[begin] == '"' && text[end] == '\\' ? 2 : 1;
    }
    return end < text.size();
  }

  // The place of a variable in the file: in a long block scalar, its own line says more than the
  // scalar's first. Escapes in double quotes may hide it; then the scalar's place has to do.
  Position place_of(const std::string& variable, const Node& node, std::size_t offset) const {
    const std::size_t found = file_->text.find(variable, offset);
    return found == std::string::npos ? node.position : position_at(file_, found);
  }

  void replace_variables(Node& node, std::size_t offset) {
    std::size_t at = node.text.find("${");
    if (at == std::string::npos) {
      return;
    }
    const std::string text = std::move(node.text);
    node.text.clear();
    std::size_t copied = 0;
    for (; at != std::string::npos; at = text.find("${", at + 2)) {
      if (at > copied && text[at - 1] == '$') {
        node.text.append(text, copied, at - 1 - copied);
        copied = at;  // "$${" became "${", whatever follows
        continue;
      }
      node.text.append(text, copied, at - copied);
      std::size_t end = at + 2;
      while (end < text.size() && is_name(text[end])) {
        ++end;
      }
      if (end == at + 2 || !is_name_start(text[at + 2]) || end == text.size() || text[end] != '}') {
        problems_.add(place_of("${", node, offset),
                      "\"${\" begins the name of an environment variable, as in ${NAME}; for the "
                      "text itself write \"$${\"");
        copied = at;
        continue;
      }
      const std::string name = text.substr(at + 2, end - at - 2);
      if (const char* value = std::getenv(name.c_str())) {
        node.text += value;
        node.secret = true;
      } else {
        problems_.add(
            place_of("${" + name + "}", node, offset),
            fmt::format("the environment variable {0} is not set; set it, or write $${{{0}}} "
                        "for the text itself",
                        name));
        node.secret = true;  // what is left of the value says nothing to a reader
      }
      copied = end + 1;
    }
    node.text.append(text, copied);
  }

  std::shared_ptr<const SourceText> file_;
  std::size_t skipped_;  // bytes of the byte order mark
  Problems& problems_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, std::pair<Node, Weight>> anchors_;
  std::size_t alias_nodes_ = 0;
  std::size_t alias_bytes_ = 0;
  Node root_;
};

// True if the line or the one above it is indented with a tab, which yaml-cpp does not name as the
// cause of its complaint.
bool tab_near(const SourceText& file, std::size_t line) {
  std::istringstream lines(file.text);
  std::string text;
  for (std::size_t number = 1; number <= line && std::getline(lines, text); ++number) {
    const std::size_t content = text.find_first_not_of(" \t");
    if (number + 1 >= line && text.substr(0, content).find('\t') != std::string::npos) {
      return true;
    }
  }
  return false;
}

std::string readable(const std::string& message) {
  using namespace YAML::ErrorMsg;
  static const std::array<std::pair<std::string_view, std::string_view>, 16> kTexts{{
      {TAB_IN_INDENTATION, "indent with spaces, not with tabs"},
      {EOF_IN_SCALAR, "the file ends inside a quoted text; a closing quote is missing"},
      {DOC_IN_SCALAR, "a quoted text runs into \"---\" or \"...\"; a closing quote is missing"},
      {END_OF_MAP, "expected the next \"key: value\" here; check quotes, brackets and indentation"},
      {END_OF_SEQ, "expected the next \"- item\" here; check quotes, brackets and indentation"},
      {END_OF_MAP_FLOW, "expected \",\" or \"}\" here"},
      {END_OF_SEQ_FLOW, "expected \",\" or \"]\" here"},
      {FLOW_END, "a closing bracket without an opening one"},
      {MAP_VALUE,
       "\":\" is not expected here; the line above may lack its \":\", or a text that holds \": \" "
       "needs quotes"},
      {MAP_KEY, "a key is not expected here; check the indentation"},
      {BLOCK_ENTRY, "a list item (\"- \") is not expected here; check the indentation"},
      {ALIAS_NOT_FOUND, "quote a text that begins with \"*\""},
      {ANCHOR_NOT_FOUND, "quote a text that begins with \"&\""},
      {UNKNOWN_TOKEN, "a text may not begin with this character; quote the text"},
      {CHAR_IN_SCALAR, "this character is not expected in a text; quote the text"},
  }};
  for (const auto& [theirs, ours] : kTexts) {
    if (message == theirs) {
      return std::string(ours);
    }
  }
  if (message.starts_with(UNKNOWN_ANCHOR)) {  // from yaml-cpp 0.8 on, the name follows
    return "this alias (\"*…\") names no anchor (\"&…\") above it; quote a text that begins with "
           "\"*\"";
  }
  if (message.starts_with(INVALID_ESCAPE) || message.starts_with(INVALID_HEX) ||
      message.starts_with(INVALID_UNICODE)) {
    return "unknown escape in a double-quoted text; write \"\\\\\" for a backslash, or use single "
           "quotes";
  }
  return "not valid YAML: " + message;
}

}  // namespace

Node parse(const std::shared_ptr<const SourceText>& file, Problems& problems) {
  if (!is_utf8_text(file, problems)) {
    return {};
  }
  const std::size_t skipped = file->text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  TreeBuilder builder(file, skipped, problems);
  std::istringstream stream(file->text.substr(skipped));
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      Node empty;
      empty.position = {file, 0, 0};
      return empty;
    }
    Node root = builder.take_root();
    TreeBuilder second(file, skipped, problems);
    if (parser.HandleNextDocument(second)) {
      problems.add(second.take_root().position,
                   "a second document in the file (after \"---\"); a config file holds one");
    }
    return root;
  } catch (const YAML::Exception& error) {
    const Position position = builder.position(error.mark);
    if (tab_near(*file, position.line)) {
      problems.add(position, readable(YAML::ErrorMsg::TAB_IN_INDENTATION));
    } else {
      problems.add(position, readable(error.msg) + builder.open_bracket());
    }
  } catch (const Abandoned&) {
  }
  return {};
}

}  // namespace usage::yaml
