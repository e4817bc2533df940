#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/sources/postgres/cancel_token.h"
#include "exporter/base/clock.h"
#include "exporter/base/secret.h"

namespace usage::postgres {

// The limits of a wait.
struct WaitLimits {
  const Clock& clock;
  Deadline deadline;
  const CancelToken& cancel_token;
};

// Thrown by Connection, for its user to turn into an Error.
struct Failure {
  enum class Kind { server, lost, deadline, interrupted };
  Kind kind;
  std::string sqlstate;  // of server failures
  std::string message;   // of the server or the network; may hold row content
};

struct Field {
  std::string name;
  unsigned type;  // oid
  bool operator==(const Field&) const = default;
};

struct Cell {
  const char* data = nullptr;  // nullptr is NULL
  std::size_t size = 0;
};

// A parameter in PostgreSQL's text form; type 0 lets the server choose.
struct Bound {
  std::string text;
  unsigned type;
};

struct ConnectOptions {
  Secret dsn;
  std::optional<Secret> password;               // replaces the DSN's
  std::map<std::string, std::string> defaults;  // libpq keywords unless the DSN has them
  std::map<std::string, std::string> settings;  // of the session, by startup packet
};

// Host and port of the DSN, for messages. Throws Error(config) when libpq cannot read the DSN or
// would take a part of an unescaped password for a host.
std::string host_of(const Secret& dsn);

// Hosts, port and name of the database, as the dsn has them; neither the user nor how to connect.
// Throws Error(config).
std::string database_of(const Secret& dsn);

// A connection that never blocks longer than its limits, but for the name service. After a
// Failure other than `server` only cancel() and the destructor are of use. One thread.
class Connection {
 public:
  Connection(const ConnectOptions& options, const WaitLimits& limits);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs `sql` by the simple query protocol: it may hold several statements. Returns the cells.
  std::vector<std::vector<std::string>> run(const std::string& sql, const WaitLimits& limits);

  // Prepares the unnamed statement. Returns its columns; none if it returns no rows.
  std::vector<Field> prepare(const std::string& sql, const std::vector<Bound>& parameters,
                             const WaitLimits& limits);

  // Runs the prepared statement and calls `row` for every row. An exception of `row` passes through
  // and leaves the statement running: call cancel().
  void stream(const std::vector<Bound>& parameters, bool binary, const WaitLimits& limits,
              const std::function<void(std::span<const Cell>)>& row);

  // Runs COPY … TO STDOUT and calls `piece` for each message. Otherwise as stream().
  void copy_out(const std::string& sql, const WaitLimits& limits,
                const std::function<void(std::string_view)>& piece);

  // Cancels the running statement and reads on until it has ended. Returns false if the server does
  // not confirm that in time: then give up the connection.
  bool cancel(const WaitLimits& limits);

  // Runs COPY … FROM STDIN. `more` appends to the buffer and returns false at the end.
  void copy_in(const std::string& sql, const WaitLimits& limits,
               const std::function<bool(std::string& buffer)>& more);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace usage::postgres
