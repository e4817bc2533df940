#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/sources/postgres/postgres_connection.h"

// COPY … (FORMAT binary): what reads many rows with the least work.
namespace usage::postgres {

// The statement that copies a SELECT, which takes no parameters: they are written into it, wherever
// `$1` stands outside of quotation marks. nullopt for a parameter that is no plain text.
std::optional<std::string> copy_of(std::string_view select, const std::vector<Bound>& parameters);

// Takes the stream of a COPY apart, message by message.
class CopyReader {
 public:
  // The row's cells; empty for what is none. They live as long as the message. Throws Error(data).
  std::span<const Cell> row(std::string_view message);

 private:
  bool begun_ = false;
  std::vector<Cell> cells_;
};

}  // namespace usage::postgres
