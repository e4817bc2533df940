#include "collectors/events/logs/line_buffer.h"

#include <algorithm>
#include <cstring>

#include "exporter/base/json.h"

namespace usage {

namespace {

constexpr std::size_t kRead = 256 * 1024;

}  // namespace

LineBuffer::LineBuffer(std::size_t max_line_bytes)
    : max_line_bytes_(max_line_bytes), bytes_(kRead + json::Parser::kPadding) {}

void LineBuffer::reset(std::uint64_t offset, std::uint64_t skipped) {
  begin_ = end_ = searched_ = 0;
  skipped_ = skipped;
  offset_ = offset;
}

std::span<char> LineBuffer::space() {
  if (begin_ != 0) {
    std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    searched_ -= begin_;
    begin_ = 0;
  }
  // Grows to the longest line and no further: next() has taken what is longer.
  if (bytes_.size() < end_ + kRead / 4 + json::Parser::kPadding) {
    bytes_.resize(std::min(2 * bytes_.size(), max_line_bytes_ + kRead + json::Parser::kPadding));
  }
  return {bytes_.data() + end_, bytes_.size() - json::Parser::kPadding - end_};
}

void LineBuffer::filled(std::size_t bytes) { end_ += bytes; }

void LineBuffer::skip_nuls() {
  while (begin_ != end_ && bytes_[begin_] == '\0') {
    ++begin_;
    ++offset_;
  }
  searched_ = std::max(searched_, begin_);
}

std::optional<LineBuffer::Line> LineBuffer::next() {
  if (skipped_ == 0) {
    skip_nuls();
  }
  const void* found = std::memchr(bytes_.data() + searched_, '\n', end_ - searched_);
  if (found == nullptr) {
    searched_ = end_;
    if (skipped_ != 0 || end_ - begin_ > max_line_bytes_) {
      skipped_ += end_ - begin_;
      begin_ = end_;
    }
    return std::nullopt;
  }
  const auto place = static_cast<std::size_t>(static_cast<const char*>(found) - bytes_.data());
  const std::size_t size = place - begin_;
  Line line;
  line.too_long = skipped_ != 0 || size > max_line_bytes_;
  if (!line.too_long) {
    line.text = {bytes_.data() + begin_, size};
  }
  offset_ += skipped_ + size + 1;
  skipped_ = 0;
  begin_ = searched_ = place + 1;
  return line;
}

std::optional<LineBuffer::Line> LineBuffer::rest() {
  if (skipped_ == 0) {
    skip_nuls();
  }
  const std::size_t size = end_ - begin_;
  if (skipped_ + size == 0) {
    return std::nullopt;
  }
  Line line;
  line.too_long = skipped_ != 0 || size > max_line_bytes_;
  if (!line.too_long) {
    line.text = {bytes_.data() + begin_, size};
  }
  offset_ += skipped_ + size;
  skipped_ = 0;
  begin_ = searched_ = end_;
  return line;
}

}  // namespace usage
