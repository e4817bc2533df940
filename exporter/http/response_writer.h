#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace usage {

// At most between two looks at the deadline: each write wakes the client, smaller ones cost a
// fifth.
inline constexpr std::size_t kLargestWrite = 1024 * 1024;

// Writes to one client until its deadline. Small pieces go out together: one response, one packet.
// One thread.
class ResponseWriter {
 public:
  using Steady = std::chrono::steady_clock;
  // Writes all of a text to the client; false when that failed.
  using Write = std::function<bool(std::string_view)>;

  ResponseWriter(Write write, std::string head, Steady::time_point deadline)
      : write_(std::move(write)), buffer_(std::move(head)), deadline_(deadline) {}

  // False: the client is gone or too slow; nothing more can be sent.
  bool send(std::string_view text);
  bool flush();

 private:
  bool write(std::string_view text);

  Write write_;
  std::string buffer_;
  Steady::time_point deadline_;
  bool slow_ = false;
};

// The last response as one text: many scrapes of one page in the same second are one write of the
// same bytes each. Thread-safe.
class WholeResponse {
 public:
  using Body = std::vector<std::shared_ptr<const std::string>>;

  std::shared_ptr<const std::string> join(const std::string& head, const Body& body,
                                          std::size_t size);

 private:
  std::mutex mutex_;
  std::string head_;
  Body body_;
  std::shared_ptr<const std::string> whole_;
};

}  // namespace usage
