#include "collectors/sources/sqlite/sqlite_text.h"

#include <algorithm>
#include <charconv>

#include "exporter/base/error.h"
#include "exporter/base/timestamps.h"

namespace usage {

namespace {

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 1] + 2, byte, 16).ptr == &text[i + 1] + 2) {
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace

std::string sqlite_path(std::string_view dsn) {
  constexpr std::string_view kScheme = "sqlite:";
  std::string_view rest = dsn.substr(std::min(dsn.size(), kScheme.size()));
  if (rest.starts_with("///")) {
    rest.remove_prefix(2);
  }
  if (!dsn.starts_with(kScheme) || rest.empty() || rest.starts_with("//") ||
      rest.find('?') != std::string_view::npos) {
    throw Error(
        Reason::config,
        "a DSN of SQLite is sqlite:/absolute/path or sqlite:relative/path, without options; "
        "write a ? in a path as %3F");
  }
  return percent_decoded(rest);
}

ColumnType sqlite_column_type(std::string_view declared) {
  std::string type(declared);
  std::ranges::transform(type, type.begin(), [](char c) {
    return 'a' <= c && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  const auto has = [&](std::string_view part) { return type.find(part) != std::string::npos; };
  if (has("INT")) {
    return ColumnType::integer;
  }
  if (has("CHAR") || has("CLOB") || has("TEXT")) {
    return ColumnType::text;
  }
  if (has("REAL") || has("FLOA") || has("DOUB")) {
    return ColumnType::real;
  }
  return has("BOOL") ? ColumnType::boolean : ColumnType::mixed;
}

std::variant<std::int64_t, double, std::string> sqlite_instant(Instant instant,
                                                               TimeFormat time_format) {
  switch (time_format) {
    case TimeFormat::unix_ms:
      return std::int64_t{
          std::chrono::floor<std::chrono::milliseconds>(instant).time_since_epoch().count()};
    case TimeFormat::unix: {
      const auto whole = std::chrono::floor<std::chrono::seconds>(instant);
      if (whole == instant) {
        return std::int64_t{whole.time_since_epoch().count()};
      }
      return unix_seconds(instant);
    }
    case TimeFormat::iso8601:
      return format_rfc3339(instant);
    case TimeFormat::text:
      break;
  }
  return format_sql_time(instant);
}

}  // namespace usage
