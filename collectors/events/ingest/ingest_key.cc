#include "collectors/events/ingest/ingest_key.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "exporter/base/strings.h"

namespace usage {

namespace {

// What follows "SCHEME ", in any case; nullopt for another scheme.
std::optional<std::string_view> after_scheme(std::string_view header, std::string_view scheme) {
  if (header.size() <= scheme.size() || header[scheme.size()] != ' ' ||
      !iequals(header.substr(0, scheme.size()), scheme)) {
    return std::nullopt;
  }
  header.remove_prefix(std::min(header.find_first_not_of(' ', scheme.size()), header.size()));
  return header;
}

// RFC 4648, padded or not; empty for what is not base64.
std::string decode_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  std::string decoded;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) {
      return "";
    }
    bits = (bits << 6U | static_cast<std::uint32_t>(digit)) & 0xffffffU;
    count += 6;
    if (count >= 8) {
      count -= 8;
      decoded += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xffU);
    }
  }
  return decoded;
}

}  // namespace

std::string key_in_authorization(std::string_view header) {
  if (const auto bearer = after_scheme(header, "bearer")) {
    return std::string(*bearer);
  }
  if (const auto basic = after_scheme(header, "basic")) {
    const std::string decoded = decode_base64(*basic);
    return decoded.substr(0, decoded.find(':'));
  }
  return "";
}

bool same_key(std::string_view presented, std::string_view key) {
  if (key.empty()) {
    return false;
  }
  unsigned different = presented.size() == key.size() ? 0 : 1;
  for (std::size_t i = 0; i < presented.size(); ++i) {
    different |= static_cast<unsigned>(static_cast<unsigned char>(presented[i]) ^
                                       static_cast<unsigned char>(key[i % key.size()]));
  }
  return different == 0;
}

}  // namespace usage
