#include "exporter/http/response_writer.h"

#include <algorithm>
#include <utility>

namespace usage {

namespace {

constexpr std::size_t kJoined = 64 * 1024;  // copying this much is cheaper than a packet of its own
constexpr std::size_t kSlowWrite = 4 * 1024;  // once the client has shown to be slow
constexpr auto kSlow = std::chrono::milliseconds(100);

}  // namespace

bool ResponseWriter::send(std::string_view text) {
  if (!buffer_.empty() && buffer_.size() + text.size() <= kJoined) {
    buffer_ += text;
    return true;
  }
  return flush() && write(text);
}

bool ResponseWriter::flush() {
  const bool sent = write(buffer_);
  buffer_.clear();
  return sent;
}

bool ResponseWriter::write(std::string_view text) {
  while (!text.empty()) {
    const auto start = Steady::now();
    if (start >= deadline_) {
      return false;
    }
    const std::size_t step = std::min(text.size(), slow_ ? kSlowWrite : kLargestWrite);
    if (!write_(text.substr(0, step))) {
      return false;
    }
    slow_ = slow_ || Steady::now() - start > kSlow;
    text.remove_prefix(step);
  }
  return true;
}

std::shared_ptr<const std::string> WholeResponse::join(const std::string& head, const Body& body,
                                                       std::size_t size) {
  const std::scoped_lock lock(mutex_);
  if (body_ != body || head_ != head) {
    auto whole = std::make_shared<std::string>();
    whole->reserve(head.size() + size);
    *whole += head;
    for (const auto& piece : body) {
      *whole += *piece;
    }
    whole_ = std::move(whole);
    head_ = head;
    body_ = body;
  }
  return whole_;
}

}  // namespace usage
