#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// JSON from outside: bounded in size and depth, checked as a whole (UTF-8 too) before anything of
// it is used.
namespace usage::json {

// One value of a parsed text: two words, copied freely. It and every view it gives live until the
// next parse of its parser.
class Value {
 public:
  enum class Kind { null, boolean, number, string, array, object };
  Kind kind() const;
  bool is_object() const { return kind() == Kind::object; }

  // Nullopt for a value of another kind.
  std::optional<bool> boolean() const;
  std::optional<double> number() const;
  std::optional<std::int64_t> integer() const;  // a number without fraction that fits
  std::optional<std::string_view> string() const;

  // A string or a number as text; nullopt for everything else. `buffer` may hold the text.
  std::optional<std::string_view> text(std::string& buffer) const;

  // The member of an object; the first where there are several.
  std::optional<Value> find(std::string_view key) const;
  // What a dotted path leads to: "context.page.path". Keys that hold dots are found too; where both
  // are there, the longer key is taken.
  std::optional<Value> at(std::string_view path) const;

  void each_item(const std::function<void(Value)>& visit) const;  // of an array; else none

  // Appends the value as JSON; false, and nothing, for an array or object.
  bool append_scalar(std::string& out) const;

 private:
  friend class Parser;
  explicit Value(std::array<std::uint64_t, 2> place) : place_(place) {}
  std::array<std::uint64_t, 2> place_;
};

// Owns the memory of the last text parsed, which grows to about 14 times the longest text. One
// thread.
class Parser {
 public:
  // A text of more bytes, or nested deeper, is refused.
  Parser(std::size_t max_bytes, std::size_t max_depth);
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // Error(data) with a reason that holds nothing of the text.
  Value parse(std::string_view text);

  // The same without a copy: kPadding bytes after the text can be read, whatever they are.
  static constexpr std::size_t kPadding = 64;
  Value parse_padded(std::string_view text);

 private:
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

}  // namespace usage::json
