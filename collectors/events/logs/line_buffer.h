#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace usage {

// Cuts bytes into lines in constant memory. NUL bytes before a line, as a hole in a file has, are
// no part of it. One thread.
class LineBuffer {
 public:
  // Of lines longer than that only the length is kept.
  explicit LineBuffer(std::size_t max_line_bytes);

  // Begins anew, at this place of a file, where a line begins of which so much was `skipped`.
  void reset(std::uint64_t offset, std::uint64_t skipped = 0);
  std::uint64_t skipped() const { return skipped_; }  // of a line that is too long

  // Where the next bytes go, as many as one likes of them; then how many have come. Ends the life
  // of lines.
  std::span<char> space();
  void filled(std::size_t bytes);

  struct Line {
    std::string_view text;  // without its end; json::Parser::kPadding bytes after it can be read
    bool too_long = false;  // then without its text
  };
  std::optional<Line> next();
  // What follows the last end of a line, when no more will come; nothing if nothing does.
  std::optional<Line> rest();

  std::uint64_t offset() const { return offset_; }  // of the first byte of the line to come
  std::uint64_t reached() const { return offset_ + skipped_ + (end_ - begin_); }

 private:
  void skip_nuls();

  const std::size_t max_line_bytes_;
  std::vector<char> bytes_;
  std::size_t begin_ = 0, end_ = 0;  // of what is in bytes_ and was not taken
  std::size_t searched_ = 0;         // no line ends before this place
  std::uint64_t offset_ = 0;
  std::uint64_t skipped_ = 0;  // of a line that is too long, and of which nothing is in bytes_
};

}  // namespace usage
