#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/api/source.h"
#include "collectors/sources/postgres/postgres_connection.h"
#include "exporter/base/calendar.h"

namespace usage::postgres {

// Oids of built-in types.
inline constexpr unsigned kInt8 = 20, kFloat8 = 701, kTimestamptz = 1184;

// Parameters in the form PostgreSQL reads. Texts leave the type to the server.
std::vector<Bound> bound(const std::vector<Parameter>& parameters);

// The SQL name of a built-in type that has a decoder; empty for others.
std::string_view type_name(unsigned type);

// `names` holds the names of the types that type_name() does not know.
std::vector<Column> columns_of(std::span<const Field> fields,
                               const std::map<unsigned, std::string>& names);

// Turns cells, as the server sends them, into values.
class RowDecoder {
 public:
  // `zone` is the zone of `timestamp`; outlives the decoder.
  RowDecoder(std::span<const Field> fields, const TimeZone& zone);

  // True if every type has a binary decoder: then ask for the rows in binary.
  bool binary() const { return binary_; }

  // Views in the result live until the next call. Throws Error(data) that names the column and the
  // type.
  std::span<const Value> decode(std::span<const Cell> cells);

 private:
  void read_binary(std::size_t column, std::string_view bytes);
  Value text_value(std::size_t column, std::string_view text) const;

  std::vector<Field> fields_;
  std::vector<Value> row_;
  std::vector<std::string> texts_;  // what views of computed texts point into
  const TimeZone& zone_;
  bool utc_;
  bool binary_;
};

}  // namespace usage::postgres
