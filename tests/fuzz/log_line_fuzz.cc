// Any bytes are a log. However they come in pieces, they are cut into the same lines; whatever a
// line holds, what is made of it is text that the journal can keep.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/events/logs/line_buffer.h"
#include "collectors/events/logs/log_line.h"
#include "exporter/base/json.h"
#include "exporter/base/timestamps.h"
#include "exporter/base/utf8.h"

namespace {

constexpr std::size_t kMaxLine = 1024;

struct Cut {
  std::string text;
  std::uint64_t end;
  bool operator==(const Cut&) const = default;
};

template <typename Take>
void cut(std::string_view log, std::size_t piece, const Take& take) {
  usage::LineBuffer buffer(kMaxLine);
  while (!log.empty()) {
    const std::span<char> space = buffer.space();
    const std::size_t size = std::min({space.size(), log.size(), piece});
    std::copy_n(log.begin(), size, space.begin());
    buffer.filled(size);
    log.remove_prefix(size);
    while (const auto line = buffer.next()) {
      take(*line, buffer.offset());
    }
  }
  while (const auto line = buffer.rest()) {
    take(*line, buffer.offset());
  }
}

std::vector<Cut> lines_of(std::string_view log, std::size_t piece) {
  std::vector<Cut> lines;
  cut(log, piece, [&](const usage::LineBuffer::Line& line, std::uint64_t end) {
    lines.push_back({std::string(line.text), end});
  });
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view log(reinterpret_cast<const char*>(data), size);
  if (lines_of(log, 1) != lines_of(log, 7) || lines_of(log, 7) != lines_of(log, size + 1)) {
    std::abort();
  }
  usage::LogConfig config;
  config.event = {"event", "record.extra.event"};
  config.time = {"timestamp", "time", "record.time.timestamp"};
  config.user = {"user_id", "record.extra.user_id"};
  config.max_line_bytes = kMaxLine;
  usage::LogLine reader(config, "Europe/Berlin", {{"a", {"format", "b.c"}}, {"share", {"format"}}});
  usage::json::Parser parser(1 << 20, 8);
  usage::JournalEvent event;
  cut(log, size + 1, [&](const usage::LineBuffer::Line& line, std::uint64_t) {
    if (line.too_long || reader.read(line.text, event) != usage::LogLine::Result::event) {
      return;
    }
    // Throws, and so ends the run, when the fields are no JSON.
    const bool object = parser.parse(event.fields).is_object();
    if (!object || (event.event != "a" && event.event != "share") ||
        !usage::valid_utf8(event.user.value_or("")) || event.time < usage::Instant() ||
        usage::format_rfc3339(event.time).size() < 20) {
      std::abort();
    }
  });
  return 0;
}
