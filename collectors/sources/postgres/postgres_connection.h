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

  // Simple query protocol: several statements may stand in one text.
  std::vector<std::vector<std::string>> run(const std::string& sql, const WaitLimits& limits);

  // The unnamed statement: what it gives. No fields: it returns no rows.
  std::vector<Field> prepare(const std::string& sql, const std::vector<Bound>& parameters,
                             const WaitLimits& limits);

  // Runs the prepared statement; calls `row` for every row. What `row` throws passes through and
  // leaves the statement running: cancel().
  void stream(const std::vector<Bound>& parameters, bool binary, const WaitLimits& limits,
              const std::function<void(std::span<const Cell>)>& row);

  // COPY … TO STDOUT: calls `piece` for each message of it. Otherwise as stream().
  void copy_out(const std::string& sql, const WaitLimits& limits,
                const std::function<void(std::string_view)>& piece);

  // Cancels what runs on the server and reads on until it has ended; false when that was not
  // confirmed in time, and the connection is of no more use.
  bool cancel(const WaitLimits& limits);

  // COPY … FROM STDIN: `more` appends to the buffer and returns false at the end.
  void copy_in(const std::string& sql, const WaitLimits& limits,
               const std::function<bool(std::string& buffer)>& more);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace usage::postgres
