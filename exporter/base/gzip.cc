#include "exporter/base/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage {

namespace {

constexpr std::array<unsigned char, 10> kHeader{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
constexpr int kWithGzipHeader = 16;
constexpr std::size_t kStep =
    std::size_t{64} * 1024;  // of output; bounds what growing the string copies

class Deflater {
 public:
  explicit Deflater(std::string& out, int strategy = Z_DEFAULT_STRATEGY) : out_(out) {
    // Raw deflate: header and trailer are written by hand, because they span two streams.
    if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, strategy) !=
        Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  void write(std::string_view text, int flush) {
    do {
      const auto step = std::min<std::size_t>(text.size(), std::numeric_limits<uInt>::max());
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
      stream_.avail_in = static_cast<uInt>(step);
      text.remove_prefix(step);
      const int mode = text.empty() ? flush : Z_NO_FLUSH;
      do {
        stream_.next_out = buffer_.data();
        stream_.avail_out = static_cast<uInt>(buffer_.size());
        deflate(&stream_, mode);
        out_.append(reinterpret_cast<const char*>(buffer_.data()),
                    buffer_.size() - stream_.avail_out);
      } while (stream_.avail_out == 0);
    } while (!text.empty());
  }

 private:
  std::string& out_;
  z_stream stream_{};
  std::vector<Bytef> buffer_ = std::vector<Bytef>(kStep);
};

std::uint32_t crc_of(std::uint32_t crc, std::string_view text) {
  return static_cast<std::uint32_t>(
      crc32_z(crc, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

void append_little_endian(std::uint32_t value, std::string& out) {
  for (int shift = 0; shift < 32; shift += 8) {
    out += static_cast<char>((value >> shift) & 0xffU);
  }
}

}  // namespace

GzipStart gzip_start(const SharedBuffers& text) {
  GzipStart start{std::string(kHeader.begin(), kHeader.end()), 0, 0};
  Deflater deflater(start.bytes);
  for (const auto& piece : text) {
    deflater.write(*piece, Z_NO_FLUSH);
    start.crc = crc_of(start.crc, *piece);
    start.size += piece->size();
  }
  if (start.size > 0) {
    deflater.write({}, Z_FULL_FLUSH);
  }
  return start;
}

namespace {

std::string finish(const GzipStart& start, std::string_view text, int strategy) {
  std::string rest;
  Deflater(rest, strategy).write(text, Z_FINISH);
  const auto crc = static_cast<std::uint32_t>(
      crc32_combine(start.crc, crc_of(0, text), static_cast<z_off_t>(text.size())));
  append_little_endian(crc, rest);
  append_little_endian(static_cast<std::uint32_t>(start.size + text.size()), rest);
  return rest;
}

}  // namespace

std::string gzip_finish(const GzipStart& start, std::string_view text) {
  return finish(start, text, Z_DEFAULT_STRATEGY);
}

std::string gzip(std::string_view numbers) {
  const GzipStart start = gzip_start({});
  return start.bytes + finish(start, numbers, Z_RLE);
}

std::string gunzip(std::string_view body, std::size_t longest) {
  Gunzip gunzip;
  std::string text;
  while (!body.empty() || !gunzip.ended()) {
    const std::size_t size = text.size();
    text.resize(std::min(size + kStep, longest + 1));
    const Gunzip::Step step = gunzip.step(body, std::span(text).subspan(size));
    body.remove_prefix(step.taken);
    text.resize(size + step.made);
    if (text.size() > longest) {
      throw Error(Reason::limit, fmt::format("the body inflates to more than {} bytes", longest));
    }
    if (step.taken == 0 && step.made == 0) {
      throw Error(Reason::data, "compressed bytes are cut short");
    }
  }
  return text;
}

void Gunzip::End::operator()(z_stream_s* stream) const {
  inflateEnd(stream);
  delete stream;
}

Gunzip::Gunzip() : stream_(new z_stream{}) {
  if (inflateInit2(stream_.get(), MAX_WBITS + kWithGzipHeader) != Z_OK) {
    throw std::bad_alloc();
  }
}

Gunzip::Step Gunzip::step(std::string_view body, std::span<char> room) {
  const auto limited = [](std::size_t size) {
    return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
  };
  if (ended_ && !body.empty()) {
    inflateReset(stream_.get());
    ended_ = false;
  }
  const uInt given = stream_->avail_in = limited(body.size());
  const uInt free = stream_->avail_out = limited(room.size());
  stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream_->next_out = reinterpret_cast<Bytef*>(room.data());
  const int code = inflate(stream_.get(), Z_NO_FLUSH);
  if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
    throw Error(Reason::data, "compressed bytes are damaged");
  }
  ended_ = code == Z_STREAM_END;
  return {given - stream_->avail_in, free - stream_->avail_out};
}

}  // namespace usage
