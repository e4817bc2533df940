#include "exporter/config/yaml_text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "exporter/base/error.h"
#include "exporter/base/format.h"
#include "exporter/base/utf8.h"
#include "exporter/config/yaml.h"

namespace usage::yaml {

Position position_at(const std::shared_ptr<const SourceText>& file, std::size_t offset) {
  const std::string_view before = std::string_view(file->text).substr(0, offset);
  const auto lines = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t last = before.rfind('\n');
  return {file, lines + 1, last == std::string_view::npos ? offset + 1 : offset - last};
}

bool is_utf8_text(const std::shared_ptr<const SourceText>& file, Problems& problems) {
  const std::string& text = file->text;
  if (text.size() > kMaxFileBytes) {
    problems.add({file, 0, 0}, fmt::format("{} bytes are more than the {} a config file may have",
                                           text.size(), kMaxFileBytes));
    return false;
  }
  if (const std::size_t found = text.find('\0'); found != std::string::npos) {
    problems.add(position_at(file, found),
                 "a NUL byte; a config file is UTF-8 text (is this UTF-16, or a binary file?)");
    return false;
  }
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (!valid_utf8(std::string_view(text).substr(begin, end - begin))) {
      std::size_t good = begin;
      std::size_t size = 1;
      while (size <= 4 && good < end) {
        if (valid_utf8(std::string_view(text).substr(good, size))) {
          good += size;
          size = 1;
        } else {
          ++size;
        }
      }
      problems.add(position_at(file, good), "not UTF-8; save the file as UTF-8");
      return false;
    }
    begin = end + 1;
  }
  return true;
}

std::shared_ptr<const SourceText> read_file(const std::string& path) {
  const auto fail = [&] {
    const int reason = errno;
    throw Error(Reason::io, fmt::format("cannot read {}: {}", path,
                                        reason != 0 ? strerrordesc_np(reason) : "unknown reason"));
  };
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    fail();
  }
  std::string text;
  std::array<char, 65536> block;
  // Read at most one byte more than parse() accepts: the file may be endless, such as /dev/zero.
  while (text.size() <= kMaxFileBytes && stream) {
    stream.read(block.data(), block.size());
    text.append(block.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad() || (stream.fail() && !stream.eof())) {
    fail();
  }
  return std::make_shared<const SourceText>(SourceText{path, std::move(text)});
}

}  // namespace usage::yaml
