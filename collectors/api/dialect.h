#pragma once

#include <string>
#include <string_view>

#include "collectors/api/source.h"
#include "exporter/base/clock.h"
#include "exporter/config/config.h"

namespace usage {

// How a database writes what the exporter's own SQL needs. One constant object per driver.
// Parameters are $1, $2 … in the SQL of every Query, the users' own too: a driver whose database
// writes them otherwise translates them with sql_tokens().
class Dialect {
 public:
  virtual ~Dialect() = default;

  // A name of a table or a column in quotes, whatever characters it has.
  virtual std::string quoted_name(std::string_view name) const = 0;

  // The field `key` of the JSON object in an expression, NULL without one. `key` has neither quotes
  // nor backslashes.
  virtual std::string json_field(std::string_view expression, std::string_view key) const = 0;

  // False: truth values are the numbers 0 and 1.
  virtual bool has_booleans() const = 0;

  // What to compare a time column with, so that exactly the rows from `edge` on are not less.
  // `edge` is a whole minute. `stored` says how databases without a type for times write them.
  virtual Parameter time_bound(Instant edge, TimeFormat stored) const = 0;

  // An instant in SQL, as Writer::insert() writes it.
  virtual std::string time_literal(Instant instant) const = 0;
};

// `name` between two `quote`s, with each of its own doubled.
std::string in_quotes(std::string_view name, char quote);

}  // namespace usage
