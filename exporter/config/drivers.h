#pragma once

#include <string_view>
#include <vector>

#include "exporter/base/sql_tokenizer.h"

namespace usage {

// What reading a config takes of a driver. How it connects is in collectors/sources/drivers.cc,
// whose table has the same names.
struct DriverInfo {
  std::string_view name;
  std::vector<std::string_view> schemes;  // of its DSNs; the first is the one to recommend
  std::string_view example;               // a DSN
  bool names_file;                        // the DSN is a path behind the scheme
  std::vector<std::string_view> keys;     // of a source, beside those that every database takes
  // How its SQL is read: the first, unless a setting of the server asks for another.
  std::vector<SqlSyntax> syntaxes;
};

const std::vector<DriverInfo>& drivers();

// nullptr when there is none.
const DriverInfo* find_driver(std::string_view name);
const DriverInfo* driver_of_scheme(std::string_view scheme);

}  // namespace usage
