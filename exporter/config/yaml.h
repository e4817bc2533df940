#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

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

// Parses one file's bytes. Never throws on bad input: adds what is wrong to `problems` and returns
// the part that was understood, at least a null node. Depth is limited to 64 and the expansion of
// aliases to 100,000 nodes.
Node parse(const std::shared_ptr<const SourceText>& file, Problems& problems);

inline constexpr std::size_t kMaxFileBytes = 1 << 20;

// Reads a file, or enough of it for parse() to call it too long. Throws Error(io) that names the
// path and the reason.
std::shared_ptr<const SourceText> read_file(const std::string& path);

}  // namespace usage::yaml
