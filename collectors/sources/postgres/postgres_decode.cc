#include "collectors/sources/postgres/postgres_decode.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <limits>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/strings.h"
#include "exporter/base/timestamps.h"

namespace usage::postgres {

namespace {

enum Type : unsigned {
  kBool = 16,
  kChar = 18,
  kName = 19,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kOid = 26,
  kJson = 114,
  kFloat4 = 700,
  kUnknown = 705,
  kBpchar = 1042,
  kVarchar = 1043,
  kDate = 1082,
  kTimestamp = 1114,
  kNumeric = 1700,
  kUuid = 2950,
};

struct TypeInfo {
  unsigned type;
  std::string_view name;
  ColumnType column;
};

constexpr std::array kTypes{
    TypeInfo{kBool, "boolean", ColumnType::boolean},
    TypeInfo{kChar, "\"char\"", ColumnType::text},
    TypeInfo{kName, "name", ColumnType::text},
    TypeInfo{kInt8, "bigint", ColumnType::integer},
    TypeInfo{kInt2, "smallint", ColumnType::integer},
    TypeInfo{kInt4, "integer", ColumnType::integer},
    TypeInfo{kText, "text", ColumnType::text},
    TypeInfo{kOid, "oid", ColumnType::integer},
    TypeInfo{kJson, "json", ColumnType::text},
    TypeInfo{kFloat4, "real", ColumnType::real},
    TypeInfo{kFloat8, "double precision", ColumnType::real},
    TypeInfo{kUnknown, "unknown", ColumnType::text},
    TypeInfo{kBpchar, "character", ColumnType::text},
    TypeInfo{kVarchar, "character varying", ColumnType::text},
    TypeInfo{kDate, "date", ColumnType::text},
    TypeInfo{kTimestamp, "timestamp without time zone", ColumnType::timestamp},
    TypeInfo{kTimestamptz, "timestamp with time zone", ColumnType::timestamp},
    TypeInfo{kNumeric, "numeric", ColumnType::text},
    TypeInfo{kUuid, "uuid", ColumnType::text},
};

const TypeInfo* find_type(unsigned type) {
  const auto found = std::ranges::find(kTypes, type, &TypeInfo::type);
  return found == kTypes.end() ? nullptr : &*found;
}

constexpr std::chrono::sys_days kPostgresEpoch = std::chrono::year(2000) / 1 / 1;

// Thrown within this file. Says what is wrong with a cell, without its content.
struct BadCell {
  std::string_view what;
};

template <typename Unsigned>
Unsigned big_endian(std::string_view bytes) {
  if (bytes.size() < sizeof(Unsigned)) {
    throw BadCell{"is shorter than its type"};
  }
  Unsigned number = 0;
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
    number = static_cast<Unsigned>(number << 8 | static_cast<unsigned char>(bytes[i]));
  }
  return number;
}

std::int16_t int16(std::string_view bytes) {
  return static_cast<std::int16_t>(big_endian<std::uint16_t>(bytes));
}
std::int32_t int32(std::string_view bytes) {
  return static_cast<std::int32_t>(big_endian<std::uint32_t>(bytes));
}
std::int64_t int64(std::string_view bytes) {
  return static_cast<std::int64_t>(big_endian<std::uint64_t>(bytes));
}

// By way of the shortest decimal, so that 1.1::real is 1.1 and not 1.10000002.
double widened(float narrow) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), narrow).ptr;
  double wide = 0;
  std::from_chars(text.data(), end, wide);
  return wide;
}

void append_number(std::string& text, std::int64_t number, std::size_t width) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  const auto size = static_cast<std::size_t>(end - digits.data());
  text.append(width > size ? width - size : 0, '0').append(digits.data(), size);
}

// Base 10000: count, weight of the first, sign, decimals to show, digits.
std::string numeric_text(std::string_view bytes) {
  constexpr unsigned kNegative = 0x4000, kNan = 0xC000, kInfinity = 0xD000, kMinusInfinity = 0xF000;
  const int count = int16(bytes);
  const int weight = int16(bytes.substr(std::min<std::size_t>(2, bytes.size())));
  const unsigned sign =
      big_endian<std::uint16_t>(bytes.substr(std::min<std::size_t>(4, bytes.size())));
  const int scale = int16(bytes.substr(std::min<std::size_t>(6, bytes.size())));
  if (sign == kNan) {
    return "NaN";
  }
  if (sign == kInfinity || sign == kMinusInfinity) {
    return sign == kInfinity ? "Infinity" : "-Infinity";
  }
  if (count < 0 || scale < 0 || bytes.size() < 8 + 2 * static_cast<std::size_t>(count)) {
    throw BadCell{"is shorter than its type"};
  }
  const auto digit = [&](int i) {
    return i < 0 || i >= count ? 0 : int16(bytes.substr(8 + 2 * static_cast<std::size_t>(i)));
  };
  std::string text = sign == kNegative ? "-" : "";
  append_number(text, weight < 0 ? 0 : digit(0), 1);
  for (int i = 1; i <= weight; ++i) {
    append_number(text, digit(i), 4);
  }
  if (scale > 0) {
    text += '.';
    const std::size_t end = text.size() + static_cast<std::size_t>(scale);
    for (int i = weight + 1; text.size() < end; ++i) {
      append_number(text, digit(i), 4);
    }
    text.resize(end);
  }
  return text;
}

std::string date_text(std::int32_t days) {
  if (days == std::numeric_limits<std::int32_t>::max()) {
    return "infinity";
  }
  if (days == std::numeric_limits<std::int32_t>::min()) {
    return "-infinity";
  }
  // std::chrono's calendar ends at year 32767; 400 years are always 146,097 days.
  constexpr std::int32_t kDaysOfEra = 146'097;
  const std::int32_t era = days / kDaysOfEra;
  const std::chrono::year_month_day date(kPostgresEpoch + std::chrono::days(days % kDaysOfEra));
  const int year = static_cast<int>(date.year()) + era * 400;
  const std::string text =
      format_date(year > 0 ? year : 1 - year, unsigned{date.month()}, unsigned{date.day()});
  return year > 0 ? text : text + " BC";
}

std::string uuid_text(std::string_view bytes) {
  if (bytes.size() != 16) {
    throw BadCell{"is no uuid"};
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      text += '-';
    }
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

constexpr std::string_view kEndless = "is an infinite time, or outside of the years 0 to 9999";

Instant in_range(Instant instant) {
  constexpr std::chrono::sys_days kFirst = std::chrono::year(0) / 1 / 1;
  constexpr std::chrono::sys_days kEnd = std::chrono::year(10'000) / 1 / 1;
  if (instant < kFirst || instant >= kEnd) {
    throw BadCell{kEndless};
  }
  return instant;
}

Instant instant_of(std::int64_t since_2000) {
  constexpr std::int64_t kEpoch = Instant(kPostgresEpoch).time_since_epoch().count();
  if (since_2000 > std::numeric_limits<std::int64_t>::max() - kEpoch) {
    throw BadCell{kEndless};
  }
  return in_range(Instant(Duration(since_2000 + kEpoch)));
}

// Parses "2026-11-25 08:00:00.25" and "2026-11-25 08:00:00.25+05:45", which is nearly RFC 3339.
Instant parse_instant(std::string_view text) {
  constexpr TimestampForm kForm{.separators = " ", .offset = TimestampForm::Offset::hours_too};
  const auto found = parse_timestamp(text, kForm);
  if (!found) {
    throw BadCell{kEndless};
  }
  return found->utc();
}

template <typename Number>
Number number_in(std::string_view text) {
  const auto number = parse_number<Number>(text);
  if (!number) {
    throw BadCell{"is no number"};
  }
  return *number;
}

}  // namespace

std::vector<Bound> bound(const std::vector<Parameter>& parameters) {
  std::vector<Bound> result;
  for (const Parameter& parameter : parameters) {
    if (const auto* integer = std::get_if<std::int64_t>(&parameter)) {
      result.push_back({std::to_string(*integer), kInt8});
    } else if (const auto* real = std::get_if<double>(&parameter)) {
      result.push_back({fmt::format("{}", *real), kFloat8});
    } else if (const auto* text = std::get_if<std::string>(&parameter)) {
      result.push_back({*text, 0});
    } else {
      result.push_back({format_rfc3339(std::get<Instant>(parameter)), kTimestamptz});
    }
  }
  return result;
}

std::string_view type_name(unsigned type) {
  const TypeInfo* info = find_type(type);
  return info == nullptr ? "" : info->name;
}

std::vector<Column> columns_of(std::span<const Field> fields,
                               const std::map<unsigned, std::string>& names) {
  std::vector<Column> columns;
  for (const Field& field : fields) {
    if (const TypeInfo* info = find_type(field.type)) {
      columns.push_back({field.name, info->column, std::string(info->name)});
    } else {
      const auto name = names.find(field.type);
      columns.push_back({field.name, ColumnType::text,
                         name == names.end() ? fmt::format("type {}", field.type) : name->second});
    }
  }
  return columns;
}

RowDecoder::RowDecoder(std::span<const Field> fields, const TimeZone& zone)
    : fields_(fields.begin(), fields.end()),
      row_(fields.size()),
      texts_(fields.size()),
      zone_(zone),
      utc_(zone.name() == "UTC"),
      binary_(std::ranges::all_of(
          fields, [](const Field& field) { return find_type(field.type) != nullptr; })) {}

std::span<const Value> RowDecoder::decode(std::span<const Cell> cells) {
  if (cells.size() != row_.size()) {
    throw Error(Reason::data, "the table changed while it was read");
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].data == nullptr) {
      row_[i] = std::monostate{};
      continue;
    }
    const std::string_view bytes(cells[i].data, cells[i].size);
    try {
      if (binary_) {
        read_binary(i, bytes);
      } else {
        row_[i] = text_value(i, bytes);
      }
    } catch (const BadCell& bad) {
      throw Error(Reason::data, fmt::format("a value of column \"{}\" ({}) {}; leave such rows out",
                                            fields_[i].name, type_name(fields_[i].type), bad.what));
    }
  }
  return row_;
}

// Writes into row_ in place: copying a value costs more than decoding it.
void RowDecoder::read_binary(std::size_t column, std::string_view bytes) {
  Value& value = row_[column];
  const auto computed = [&](std::string text) {
    texts_[column] = std::move(text);
    value = std::string_view(texts_[column]);
  };
  switch (fields_[column].type) {
    case kBool:
      value = !bytes.empty() && bytes.front() != 0;
      break;
    case kInt2:
      value = std::int64_t{int16(bytes)};
      break;
    case kInt4:
      value = std::int64_t{int32(bytes)};
      break;
    case kInt8:
      value = int64(bytes);
      break;
    case kOid:
      value = std::int64_t{big_endian<std::uint32_t>(bytes)};
      break;
    case kFloat4:
      value = widened(std::bit_cast<float>(big_endian<std::uint32_t>(bytes)));
      break;
    case kFloat8:
      value = std::bit_cast<double>(big_endian<std::uint64_t>(bytes));
      break;
    case kTimestamptz:
      value = instant_of(int64(bytes));
      break;
    case kTimestamp: {
      const Instant wall = instant_of(int64(bytes));
      value = utc_ ? wall : zone_.from_wall(wall);
      break;
    }
    case kNumeric:
      computed(numeric_text(bytes));
      break;
    case kDate:
      computed(date_text(int32(bytes)));
      break;
    case kUuid:
      computed(uuid_text(bytes));
      break;
    case kChar:
      value = bytes == std::string_view("\0", 1) ? std::string_view() : bytes;
      break;
    default:
      value = bytes;
  }
}

Value RowDecoder::text_value(std::size_t column, std::string_view text) const {
  switch (fields_[column].type) {
    case kBool:
      return text == "t";
    case kInt2:
    case kInt4:
    case kInt8:
    case kOid:
      return number_in<std::int64_t>(text);
    case kFloat4:
    case kFloat8:
      return number_in<double>(text);
    case kTimestamptz:
      return in_range(parse_instant(text));
    case kTimestamp: {
      const Instant wall = in_range(parse_instant(text));
      return utc_ ? wall : zone_.from_wall(wall);
    }
    default:
      return text;
  }
}

}  // namespace usage::postgres
