#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "collectors/events/logs/event_log_tailer.h"
#include "exporter/base/gzip.h"

// What event_log_tailer.cc is made of; nobody else includes this.
namespace usage {

// Counters of the journal. Times are kept as what they were raised to.
inline constexpr char kReadBytes[] = "read_bytes";
inline constexpr char kLostBytes[] = "lost_bytes";
inline constexpr char kTruncations[] = "truncations";
inline constexpr char kStarted[] = "started_ms";
inline constexpr char kLastLine[] = "last_line_ms";

// What may become of a line; the first ones as LogLine::Result.
inline constexpr std::array kOutcomes{"event", "other", "no_time", "invalid", "too_long"};
inline constexpr std::size_t kTooLong = 4;

inline std::string counter_of(const char* outcome) { return std::string("lines/") + outcome; }

// A gzip file between two reads: to inflate it from its beginning each time might never end.
struct EventLogTailer::Compressed {
  Compressed(std::size_t max_line_bytes, std::uint64_t offset)
      : lines(max_line_bytes), to_skip(offset) {
    lines.reset(offset);
  }
  Gunzip gunzip;
  LineBuffer lines;
  std::uint64_t taken = 0;  // of the file
  std::uint64_t to_skip;    // of the text: it was read before
};

struct EventLogTailer::Tracked {
  LogFile file;  // as the journal has it, or will have it with the next commit
  std::shared_ptr<Descriptor> descriptor;  // none: nothing can be read of it now
  bool there = false;                      // a glob leads to it
  bool compressed = false, rotated = false;
  Instant modified;
  std::uint64_t disk_size = 0;
  std::uint32_t text_size = 0;
  std::uint64_t skipped = 0;  // of a line that is too long and has not ended
  std::unique_ptr<Compressed> inflating;
  // The size and time of a compressed file that was read to its end, or is damaged.
  std::optional<std::pair<std::uint64_t, Instant>> done;
  std::optional<Instant> missing;  // since when no glob leads to it, or it last grew after that
  bool changed = false;            // not yet in the journal
};

}  // namespace usage
