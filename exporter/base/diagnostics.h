#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace usage {

// The text of one config file, kept so that an error can show the line.
struct SourceText {
  std::string path;
  std::string text;
};

// A place in a config file. Lines and columns (in bytes) count from 1; line 0 means the file as a
// whole.
struct Position {
  std::shared_ptr<const SourceText> file;
  std::size_t line = 0;
  std::size_t column = 0;
};

// Collects everything a user wrote wrong, so that one run reports it all. Not thread-safe.
class Problems {
 public:
  // `message` says what is wrong and what would be right, without a final full stop.
  void add(const Position& position, std::string message);

  bool empty() const { return problems_.empty(); }
  std::size_t size() const { return problems_.size(); }

  // In order of file and position, one block each:
  //   config/demo.yml:12:5: unknown key "intervall" in collector "exports"; did you mean
  //   "interval"?
  //      12 |     intervall: 60s
  //         |     ^
  // Lines that hold a secret (marked by `hide_line`) are not shown.
  std::string render() const;

  // The line of `position` will never be printed: its text holds a secret.
  void hide_line(const Position& position);

  // Throws Error(config) with render() as its message when there are problems.
  void throw_if_any() const;

 private:
  struct Problem {
    Position position;
    std::string message;
  };
  std::vector<Problem> problems_;
  std::vector<Position> hidden_;
};

// The candidate nearest to `word` by edit distance, or empty when none is near enough to suggest.
std::string closest(std::string_view word, const std::vector<std::string>& candidates);

// `; did you mean "x"?`, or `; known: a, b, c` when nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace usage
