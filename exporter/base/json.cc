#include "exporter/base/json.h"

#include <simdjson.h>

#include <bit>
#include <charconv>
#include <type_traits>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/json_text.h"

namespace usage::json {

namespace {

namespace dom = simdjson::dom;

using Place = std::array<std::uint64_t, 2>;
static_assert(sizeof(dom::element) == sizeof(Place));
static_assert(std::is_trivially_copyable_v<dom::element>);
static_assert(Parser::kPadding >= simdjson::SIMDJSON_PADDING);

dom::element element_of(Place place) { return std::bit_cast<dom::element>(place); }

template <typename T>
std::optional<T> get(Place place) {
  T value{};
  if (element_of(place).get(value) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return value;
}

template <typename T>
void append_number(std::string& out, T value) {
  std::array<char, 32> text{};
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
}

std::string reason(simdjson::error_code code, std::size_t max_bytes, std::size_t max_depth) {
  switch (code) {
    case simdjson::CAPACITY:
      return fmt::format("longer than {} bytes", max_bytes);
    case simdjson::DEPTH_ERROR:
      return fmt::format("nested deeper than {}", max_depth);
    case simdjson::UTF8_ERROR:
      return "not valid UTF-8";
    case simdjson::EMPTY:
      return "empty";
    default:
      return "no valid JSON";
  }
}

}  // namespace

Value::Kind Value::kind() const {
  switch (element_of(place_).type()) {
    case dom::element_type::ARRAY:
      return Kind::array;
    case dom::element_type::OBJECT:
      return Kind::object;
    case dom::element_type::STRING:
      return Kind::string;
    case dom::element_type::BOOL:
      return Kind::boolean;
    case dom::element_type::NULL_VALUE:
      return Kind::null;
    default:
      return Kind::number;
  }
}

std::optional<bool> Value::boolean() const { return get<bool>(place_); }

std::optional<double> Value::number() const { return get<double>(place_); }

std::optional<std::int64_t> Value::integer() const {
  return kind() == Kind::number ? get<std::int64_t>(place_) : std::nullopt;
}

std::optional<std::string_view> Value::string() const { return get<std::string_view>(place_); }

std::optional<std::string_view> Value::text(std::string& buffer) const {
  if (const auto held = string()) {
    return held;
  }
  if (kind() != Kind::number) {
    return std::nullopt;
  }
  buffer.clear();
  append_scalar(buffer);
  return buffer;
}

std::optional<Value> Value::find(std::string_view key) const {
  const auto object = get<dom::object>(place_);
  dom::element found;
  if (!object || object->at_key(key).get(found) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return Value(std::bit_cast<Place>(found));
}

std::optional<Value> Value::at(std::string_view path) const {
  for (std::size_t end = path.size(); end != 0 && end != std::string_view::npos;
       end = path.rfind('.', end - 1)) {
    const auto member = find(path.substr(0, end));
    if (member && end == path.size()) {
      return member;
    }
    if (const auto found = member ? member->at(path.substr(end + 1)) : std::nullopt) {
      return found;
    }
  }
  return std::nullopt;
}

void Value::each_item(const std::function<void(Value)>& visit) const {
  if (const auto array = get<dom::array>(place_)) {
    for (const dom::element item : *array) {
      visit(Value(std::bit_cast<Place>(item)));
    }
  }
}

bool Value::append_scalar(std::string& out) const {
  const dom::element element = element_of(place_);
  switch (element.type()) {
    case dom::element_type::STRING:
      append_json_string(out, *string());
      return true;
    case dom::element_type::INT64:
      append_number(out, *get<std::int64_t>(place_));
      return true;
    case dom::element_type::UINT64:
      append_number(out, *get<std::uint64_t>(place_));
      return true;
    case dom::element_type::DOUBLE:
      append_number(out, *get<double>(place_));
      return true;
    case dom::element_type::BOOL:
      out += *boolean() ? "true" : "false";
      return true;
    case dom::element_type::NULL_VALUE:
      out += "null";
      return true;
    default:
      return false;
  }
}

struct Parser::Memory {
  std::size_t max_bytes, max_depth;
  dom::parser parser;
  std::string copy;
};

Parser::Parser(std::size_t max_bytes, std::size_t max_depth)
    : memory_(new Memory{max_bytes, max_depth, dom::parser(max_bytes), ""}) {}

Parser::~Parser() = default;

Value Parser::parse(std::string_view text) {
  if (text.size() <= memory_->max_bytes) {  // the other is refused below, before it is looked at
    memory_->copy.reserve(text.size() + kPadding);
    memory_->copy.assign(text);
    text = memory_->copy;
  }
  return parse_padded(text);
}

Value Parser::parse_padded(std::string_view text) {
  const auto refuse = [&](simdjson::error_code code) {
    throw Error(Reason::data, reason(code, memory_->max_bytes, memory_->max_depth));
  };
  if (text.size() > memory_->max_bytes) {
    refuse(simdjson::CAPACITY);
  }
  dom::parser& parser = memory_->parser;
  // The first allocation decides on the depth for good; later ones keep it.
  if (parser.capacity() < text.size() || parser.max_depth() != memory_->max_depth) {
    constexpr std::size_t kLeast = 4096;
    const auto capacity =
        std::min(memory_->max_bytes, std::max(kLeast, std::bit_ceil(text.size())));
    if (const auto code = parser.allocate(capacity, memory_->max_depth)) {
      refuse(code);
    }
  }
  dom::element root;
  if (const auto code = parser.parse(text.data(), text.size(), false).get(root)) {
    refuse(code);
  }
  return Value(std::bit_cast<Place>(root));
}

}  // namespace usage::json
