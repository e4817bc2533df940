#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct z_stream_s;  // NOLINT(readability-identifier-naming): as zlib calls it

namespace usage {

// A text as a list of pieces: what is large is shared, never copied.
using SharedBuffers = std::vector<std::shared_ptr<const std::string>>;

// A gzip body made in two parts, so that the large first one is compressed once and the small last
// one as often as it changes. Together they are one gzip member, which every client reads.
struct GzipStart {
  std::string bytes;   // header and deflate blocks, ending on a byte boundary
  std::uint32_t crc;   // of the text so far
  std::uint64_t size;  // of the text so far
};

// Throws std::bad_alloc only.
GzipStart gzip_start(const SharedBuffers& text);

// The rest of the body: `start`'s bytes and these are the whole.
std::string gzip_finish(const GzipStart& start, std::string_view text);

// A whole body at once, of numbers in bytes: no repeated words are looked for, which is four times
// as quick and for such no longer.
std::string gzip(std::string_view numbers);

// The text of a whole body, in one member or several. Error(data) when it is anything else, is
// damaged or cut short; Error(limit) when its text is longer than `longest`.
std::string gunzip(std::string_view body, std::size_t longest);

// Reads a gzip file piece by piece in constant memory, also one of several members.
class Gunzip {
 public:
  Gunzip();

  struct Step {
    std::size_t taken = 0;  // of the body
    std::size_t made = 0;   // of the text
  };
  // As much of the text as there is room for, or as `body` gives. Error(data) for damage.
  Step step(std::string_view body, std::span<char> room);
  // Whether what was taken so far is a whole file.
  bool ended() const { return ended_; }

 private:
  struct End {
    void operator()(z_stream_s* stream) const;
  };
  std::unique_ptr<z_stream_s, End> stream_;
  bool ended_ = false;
};

}  // namespace usage
