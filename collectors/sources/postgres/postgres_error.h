#pragma once

#include <string>

#include "collectors/sources/postgres/postgres_connection.h"
#include "exporter/base/error.h"
#include "exporter/config/config.h"

namespace usage::postgres {

// What is known where a failure is turned into a message.
struct Attempt {
  const SourceConfig& source;
  std::string host;
};

// Why a connect failed, for Backoff::fail().
std::string connect_message(const Failure& failure, const Attempt& attempt);

// What the server's words about the statement might quote.
enum class Redaction {
  nothing,  // that must not be seen: no row was read yet
  rows,
  secret,  // a value from the environment that stands in the statement
};

// What the failure of a query means. The server's own words are only shown where they cannot hold
// what must not be seen.
Error query_error(const Failure& failure, const Attempt& attempt,
                  Redaction redaction = Redaction::nothing);

}  // namespace usage::postgres
