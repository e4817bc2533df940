#include "collectors/sources/postgres/postgres_copy.h"

#include <algorithm>
#include <cstdint>

#include "collectors/sources/postgres/postgres_decode.h"
#include "collectors/sources/postgres/postgres_dialect.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/sql_tokenizer.h"

namespace usage::postgres {

namespace {

[[noreturn]] void damaged() {
  throw Error(Reason::data, "what the server copies is not in the binary form of PostgreSQL");
}

std::string_view take(std::string_view& bytes, std::size_t count) {
  if (bytes.size() < count) {
    damaged();
  }
  const std::string_view taken = bytes.substr(0, count);
  bytes.remove_prefix(count);
  return taken;
}

std::uint32_t take_number(std::string_view& bytes, std::size_t width) {
  std::uint32_t number = 0;
  for (const char byte : take(bytes, width)) {
    number = number << 8 | static_cast<unsigned char>(byte);
  }
  return number;
}

// True if nothing in the text could end a literal.
bool is_plain(const std::string& text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-' || c == ':' || c == '.';
  });
}

}  // namespace

std::optional<std::string> copy_of(std::string_view select, const std::vector<Bound>& parameters) {
  std::string copy = "COPY (";
  for (const SqlToken& token : sql_tokens(select, postgres_syntax())) {
    if (token.kind != SqlToken::Kind::parameter) {
      copy += token.text;
      continue;
    }
    const std::size_t number = parameter_number(token.text);
    if (number == 0 || number > parameters.size() || !is_plain(parameters[number - 1].text)) {
      return std::nullopt;
    }
    const Bound& parameter = parameters[number - 1];
    const std::string_view type = type_name(parameter.type);
    copy += fmt::format("'{}'{}{}", parameter.text, type.empty() ? "" : "::", type);
  }
  return copy + ") TO STDOUT (FORMAT binary)";
}

std::span<const Cell> CopyReader::row(std::string_view message) {
  constexpr std::size_t kHeader = 15;  // signature and flags
  constexpr std::uint32_t kEnd = 0xffff, kNull = 0xffffffff;
  if (!begun_) {
    take(message, kHeader);
    take(message, take_number(message, 4));  // an extension of the header
    begun_ = true;
    if (message.empty()) {
      return {};
    }
  }
  const std::uint32_t count = take_number(message, 2);
  if (count == kEnd) {
    return {};
  }
  cells_.resize(count);
  for (Cell& cell : cells_) {
    const std::uint32_t size = take_number(message, 4);
    cell = size == kNull ? Cell{} : Cell{take(message, size).data(), size};
  }
  return cells_;
}

}  // namespace usage::postgres
