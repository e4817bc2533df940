#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/base/diagnostics.h"
#include "exporter/config/yaml.h"

namespace usage::yaml {

// Reads one mapping strictly: every getter, has() too, marks its key as known; finish() reports the
// rest. A problem has the position of the offending value, or of the mapping for a missing key.
// After reporting one, getters return nullopt or an empty value, so that reading goes on. The node
// and `problems` outlive the reader.
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
