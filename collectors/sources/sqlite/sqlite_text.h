#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "collectors/api/source.h"
#include "exporter/config/config.h"

namespace usage {

// The file of "sqlite:/abs/path", "sqlite:relative.db" or "sqlite:///abs/path", percent-decoded.
// Error(config) for anything else.
std::string sqlite_path(std::string_view dsn);

// By SQLite's affinity rules, and BOOL; mixed for any other type.
ColumnType sqlite_column_type(std::string_view declared);

// The value by which an instant is stored and compared.
std::variant<std::int64_t, double, std::string> sqlite_instant(Instant instant, TimeFormat format);

}  // namespace usage
