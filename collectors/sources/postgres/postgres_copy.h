#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/sources/postgres/postgres_connection.h"

// COPY … (FORMAT binary) reads many rows with the least work.
namespace usage::postgres {

// The statement that copies a SELECT. COPY takes no parameters: they are written into its text.
// nullopt for a parameter that is missing or no plain text.
std::optional<std::string> copy_of(std::string_view select, const std::vector<Bound>& parameters);

// Takes the stream of a COPY apart, message by message.
class CopyReader {
 public:
  // The cells of the row in a message; empty if it holds none. They live as long as the message.
  // Throws Error(data).
  std::span<const Cell> row(std::string_view message);

 private:
  bool begun_ = false;
  std::vector<Cell> cells_;
};

}  // namespace usage::postgres
