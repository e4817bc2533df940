#include "tests/support/inflate.h"

#include <zlib.h>

#include <array>
#include <stdexcept>

namespace usage {

std::string inflate_gzip(std::string_view compressed) {
  z_stream stream{};
  inflateInit2(&stream, MAX_WBITS + 16);  // gzip only
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string text;
  std::array<Bytef, 16384> buffer;
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = buffer.data();
    stream.avail_out = static_cast<uInt>(buffer.size());
    state = inflate(&stream, Z_NO_FLUSH);
    text.append(reinterpret_cast<const char*>(buffer.data()), buffer.size() - stream.avail_out);
  }
  const auto left = stream.avail_in;
  inflateEnd(&stream);
  if (state != Z_STREAM_END || left != 0) {
    throw std::runtime_error("not one whole gzip member");
  }
  return text;
}

}  // namespace usage
