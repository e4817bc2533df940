#include "exporter/base/varint.h"

#include <bit>

#include "exporter/base/error.h"

namespace usage::codec {

void damaged() {
  throw Error(Reason::data, "stored facts are damaged: they are not what this program wrote");
}

void put_number(std::string& out, std::uint64_t number) {
  while (number >= 0x80) {
    out += static_cast<char>((number & 0x7f) | 0x80);
    number >>= 7;
  }
  out += static_cast<char>(number);
}

std::uint64_t take_number(std::string_view& bytes) {
  std::uint64_t number = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    const std::uint64_t digits = byte & 0x7fU;
    if (shift == 63 && digits > 1) {
      break;
    }
    number |= digits << shift;
    if ((byte & 0x80U) == 0) {
      return number;
    }
  }
  damaged();
}

void put_numbers(std::string& out, const std::vector<std::uint64_t>& numbers) {
  for (const std::uint64_t number : numbers) {
    put_number(out, number);
  }
}

void take_numbers(std::string_view& bytes, std::vector<std::uint64_t>& numbers) {
  for (std::uint64_t& number : numbers) {
    number = take_number(bytes);
  }
}

void put_double(std::string& out, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  for (int shift = 0; shift < 64; shift += 8) {
    out += static_cast<char>((bits >> shift) & 0xffU);
  }
}

double take_double(std::string_view& bytes) {
  if (bytes.size() < 8) {
    damaged();
  }
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    bits |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  bytes.remove_prefix(8);
  return std::bit_cast<double>(bits);
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out += text;
}

std::string_view take_text(std::string_view& bytes) {
  const std::uint64_t size = take_number(bytes);
  if (size > bytes.size()) {
    damaged();
  }
  const std::string_view text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return text;
}

}  // namespace usage::codec
