#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

namespace usage {

// Why something failed: the `reason` label of usage_exporter_collector_errors_total.
enum class Reason {
  config,       // what the user wrote is wrong
  unavailable,  // the database cannot be reached or refuses the login
  timeout,      // the deadline passed; the statement was cancelled on the server
  query,        // the database rejected the statement
  data,         // a cell cannot become a label or a number
  duplicate,    // two rows have the same labels
  limit,        // more rows or series than allowed
  io,           // the local machine: files, sockets
};

inline constexpr std::array kReasons{Reason::config, Reason::unavailable, Reason::timeout,
                                     Reason::query,  Reason::data,        Reason::duplicate,
                                     Reason::limit,  Reason::io};

std::string_view to_string(Reason reason);

// The one exception type. The message names what was attempted, on what, and the mend; it never
// holds a DSN, a password or a row's content. A job turns it into its state, run_command() into
// exit code 1, a reload into a refusal.
class Error : public std::runtime_error {
 public:
  Error(Reason reason, const std::string& message) : std::runtime_error(message), reason_(reason) {}
  Reason reason() const { return reason_; }

 private:
  Reason reason_;
};

}  // namespace usage
