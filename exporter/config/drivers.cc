#include "exporter/config/drivers.h"

#include <algorithm>

namespace usage {

const std::vector<DriverInfo>& drivers() {
  static const std::vector<DriverInfo> kDrivers{
      {.name = "sqlite",
       .schemes = {"sqlite"},
       .example = "sqlite:/var/lib/app.db",
       .names_file = true,
       .keys = {"time_format"},
       // A name in double quotes that is no column is a text.
       .syntaxes = {{.double_quoted_text = true, .backtick_names = true, .bracket_names = true}}},
      {.name = "postgresql",
       .schemes = {"postgresql", "postgres"},
       .example = "postgresql://user@host:5432/db",
       .names_file = false,
       .keys = {"password_file", "pgbouncer", "naive_time_zone"},
       // The second is for standard_conforming_strings = off.
       .syntaxes = {{.escape_strings = true,
                     .dollar_quotes = true,
                     .returns_end_lines = true,
                     .nested_comments = true},
                    {.backslash_escapes = true,
                     .dollar_quotes = true,
                     .returns_end_lines = true,
                     .nested_comments = true}}},
  };
  return kDrivers;
}

const DriverInfo* find_driver(std::string_view name) {
  const auto found = std::ranges::find(drivers(), name, &DriverInfo::name);
  return found == drivers().end() ? nullptr : &*found;
}

const DriverInfo* driver_of_scheme(std::string_view scheme) {
  const auto found = std::ranges::find_if(drivers(), [&](const DriverInfo& driver) {
    return std::ranges::find(driver.schemes, scheme) != driver.schemes.end();
  });
  return found == drivers().end() ? nullptr : &*found;
}

}  // namespace usage
