#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/base/diagnostics.h"

namespace usage::yaml {

// One node of a strict YAML document, with its position. A value; copies are cheap enough for
// config files. Anchors and aliases are resolved; merge keys ("<<"), tags, several documents in one
// file and duplicate keys are problems. ${NAME} in a scalar is replaced from the environment
// ($${NAME} is the literal text); an unset variable is a problem.
struct Entry;
struct Node {
  enum class Kind { null, scalar, sequence, mapping };
  Kind kind = Kind::null;
  Position position;
  std::string text;         // scalar: after ${} replacement
  bool plain = false;       // scalar: written without quotes, so that it may be a number or a bool
  bool secret = false;      // scalar: holds text from the environment; never printed in a message
  std::vector<Node> items;  // sequence
  std::vector<Entry> entries;  // mapping: in file order

  bool is_mapping() const { return kind == Kind::mapping; }
};

struct Entry {
  Node key;
  Node value;
};

// Reads one file's bytes. Never throws on bad input: what is wrong goes to `problems`, and the
// result is what could be understood (a null node if nothing). Depth is limited to 64 and the
// expansion of aliases to 100,000 nodes.
Node parse(const std::shared_ptr<const SourceText>& file, Problems& problems);

inline constexpr std::size_t kMaxFileBytes = 1 << 20;

// Reads a file, or as much of it as parse() needs to call it too long; Error(io) names the path and
// the reason when it cannot be read.
std::shared_ptr<const SourceText> read_file(const std::string& path);

// Reads one mapping strictly: every getter, also has(), marks its key as known; finish() reports
// the rest. Every problem is added with the position of the offending value, or of the mapping for
// a missing key. Getters return nullopt (or the fallback) after reporting, so that reading goes on.
// The node and `problems` outlive the reader.
class Mapping {
 public:
  // `what` names the mapping in messages: `collector "exports"`. A node that is no mapping is
  // reported once and then reads as empty.
  Mapping(const Node& node, std::string what, Problems& problems);

  const Position& position() const { return node_.position; }
  const std::string& what() const { return what_; }
  bool has(std::string_view key);

  // The raw value, or nullptr. For nested mappings and lists.
  const Node* find(std::string_view key);
  const Node* require(std::string_view key);  // reports a missing key

  std::optional<std::string> string(std::string_view key);
  std::string require_string(std::string_view key);  // reports a missing or empty one; then ""
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t min, std::int64_t max);
  std::optional<double> number(std::string_view key);
  std::optional<Duration> duration(std::string_view key, Duration min, Duration max);
  // One of `choices`, else a problem with did-you-mean. The index of the choice.
  std::optional<std::size_t> choice(std::string_view key, const std::vector<std::string>& choices);
  // A list of strings; a single string reads as a list of one.
  std::vector<std::string> strings(std::string_view key);
  // The entries of a mapping, whatever their values are.
  std::vector<Entry> entries(std::string_view key);
  // A mapping from names to scalars, as text.
  std::map<std::string, std::string> string_map(std::string_view key);

  // Adds a problem at the value of `key`, or at the mapping when the key is absent.
  void problem(std::string_view key, std::string message);

  // Reports every key that no getter asked for: `unknown key "x" in WHAT` with did_you_mean among
  // all keys that were asked for. Call once, last.
  void finish();

 private:
  std::string label(std::string_view key) const;  // `"key" in WHAT`

  const Node& node_;
  std::string what_;
  Problems& problems_;
  std::vector<std::string> known_;
};

// False for text from the environment and for what looks like a URL: it may be, or hold, a secret.
bool may_show(const Node& node);

// The scalar's text in quotes, shortened, for a message; "this value" where it may not be shown.
std::string quoted(const Node& node);

// Scalars as the getters read them; a problem and nullopt when the node is not one.
std::optional<std::string> as_string(const Node& node, std::string_view what, Problems& problems);
std::optional<double> as_number(const Node& node, std::string_view what, Problems& problems);

}  // namespace usage::yaml
