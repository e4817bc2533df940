#pragma once

#include <string>

#include "collectors/sources/postgres/postgres_connection.h"
#include "exporter/base/error.h"
#include "exporter/config/config.h"

namespace usage::postgres {

// The context of a failure.
struct Attempt {
  const SourceConfig& source;
  std::string host;
};

// Why a connect failed, for Backoff::fail().
std::string connect_message(const Failure& failure, const Attempt& attempt);

// What a server message may contain, and so how much of it may be shown.
enum class Redaction {
  nothing,  // nothing secret: no row was read yet
  rows,     // content of rows
  secret,   // a value from the environment that is part of the statement
};

// Explains the failure of a query. Shows the server's message only as far as `redaction` allows.
Error query_error(const Failure& failure, const Attempt& attempt,
                  Redaction redaction = Redaction::nothing);

}  // namespace usage::postgres
