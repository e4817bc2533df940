// The half of event_log_tailer.h that reads files.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "collectors/events/logs/tailed_file.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kBatchEvents = 10'000;
constexpr std::uint64_t kBatchBytes = 16 << 20;
constexpr std::size_t kCompressedRead = 64 * 1024;

std::size_t read_at(const Descriptor& descriptor, std::uint64_t offset, std::span<char> room,
                    const std::string& source, const std::string& path) {
  const ssize_t got =
      ::pread(descriptor.number(), room.data(), room.size(), static_cast<off_t>(offset));
  if (got < 0) {
    throw Error(Reason::io, fmt::format("source \"{}\": cannot read {}: {}; check its file system",
                                        source, path, std::generic_category().message(errno)));
  }
  return static_cast<std::size_t>(got);
}

}  // namespace

bool EventLogTailer::read_file(Tracked& tracked, Deadline until, Log& log) {
  if (!tracked.compressed) {
    return read_plain(tracked, until);
  }
  const std::pair version{tracked.disk_size, tracked.modified};
  const bool was_read = tracked.file.offset != 0 && !tracked.inflating &&
                        static_cast<std::uint32_t>(tracked.file.offset) == tracked.text_size;
  if (was_read || tracked.done == version) {
    tracked.descriptor.reset();
    return true;
  }
  try {
    return read_compressed(tracked, until);
  } catch (const Error& error) {
    if (error.reason() != Reason::data) {
      throw;
    }
    log.warn("a compressed log is damaged; what comes before the damage was read",
             {{"source", source_.name}, {"path", tracked.file.path}});
    if (tracked.inflating->to_skip == 0) {
      commit(tracked, tracked.inflating->lines.offset());
    }
    tracked.done = version;
    tracked.inflating.reset();
    return true;
  }
}

bool EventLogTailer::read_plain(Tracked& tracked, Deadline until) {
  const Descriptor& descriptor = *tracked.descriptor;
  lines_.reset(tracked.file.offset, tracked.skipped);
  while (true) {
    const std::size_t got =
        read_at(descriptor, lines_.reached(), lines_.space(), source_.name, tracked.file.path);
    lines_.filled(got);
    while (const auto line = lines_.next()) {
      take(*line);
    }
    const bool end = got == 0;
    if (end) {
      take_rest(tracked, lines_);
    }
    const bool late = is_late(until);
    if (end || late || events_.size() >= kBatchEvents ||
        lines_.offset() - tracked.file.offset >= kBatchBytes) {
      // Bytes that were read belong to the file only if it still begins as it did: else it was
      // truncated meanwhile, and they may be of what was written after that.
      if (!begins_as(head_of(descriptor), tracked.file)) {
        discard();
        return false;
      }
      tracked.file.size = std::max(tracked.file.size, lines_.reached());
      commit(tracked, lines_.offset());
      tracked.skipped = lines_.skipped();
    }
    if (end || late) {
      return end;
    }
  }
}

bool EventLogTailer::read_compressed(Tracked& tracked, Deadline until) {
  if (!tracked.inflating) {
    tracked.inflating =
        std::make_unique<Compressed>(source_.log()->max_line_bytes, tracked.file.offset);
  }
  Compressed& state = *tracked.inflating;
  std::vector<char> body(kCompressedRead);
  std::vector<char> unwanted(kCompressedRead);
  while (true) {
    const std::size_t got =
        read_at(*tracked.descriptor, state.taken, body, source_.name, tracked.file.path);
    std::string_view rest(body.data(), got);
    bool full = true;  // the inflater may hold more than there was room for
    while (!rest.empty() || (full && !state.gunzip.ended())) {
      const bool skips = state.to_skip > 0;
      std::span<char> room = skips ? std::span<char>(unwanted) : state.lines.space();
      if (skips) {
        room = room.first(std::min<std::uint64_t>(room.size(), state.to_skip));
      }
      const Gunzip::Step step = state.gunzip.step(rest, room);
      rest.remove_prefix(step.taken);
      state.taken += step.taken;
      full = step.made == room.size();
      if (skips) {
        state.to_skip -= step.made;
        continue;
      }
      state.lines.filled(step.made);
      while (const auto line = state.lines.next()) {
        take(*line);
      }
    }
    const bool end = got == 0;
    const bool whole = end && state.gunzip.ended();
    if (whole) {
      take_rest(tracked, state.lines);
    }
    const bool late = is_late(until);
    if (end || late || events_.size() >= kBatchEvents) {
      tracked.file.size = std::max(tracked.file.size, state.lines.reached());
      if (whole) {
        tracked.file.size = state.lines.offset();
      }
      commit(tracked, state.lines.offset());
    }
    if (whole) {
      tracked.done = {tracked.disk_size, tracked.modified};
      tracked.inflating.reset();
    } else if (end && now_ - tracked.modified >= source_.log()->rotate_wait) {
      throw Error(Reason::data, "the compressed file ends too early");
    }
    if (end || late) {
      return end;
    }
  }
}

// The last line of a file that nobody writes to any more needs no end.
void EventLogTailer::take_rest(const Tracked& tracked, LineBuffer& lines) {
  const bool closed = tracked.rotated || !tracked.there;
  const Instant since = tracked.missing.value_or(tracked.there ? tracked.modified : now_);
  if (tracked.compressed || (closed && now_ - since >= source_.log()->rotate_wait)) {
    if (const auto line = lines.rest()) {
      take(*line);
    }
  }
}

void EventLogTailer::take(const LineBuffer::Line& line) {
  std::size_t outcome = kTooLong;
  if (!line.too_long) {
    JournalEvent& event = events_.emplace_back();
    const LogLine::Result result = parser_.read(line.text, event);
    if (result != LogLine::Result::event) {
      events_.pop_back();
    }
    outcome = static_cast<std::size_t>(result);
  }
  ++outcomes_[outcome];
}

void EventLogTailer::discard() {
  events_.clear();
  outcomes_ = {};
}

void EventLogTailer::commit(Tracked& tracked, std::uint64_t offset) {
  LogFile& file = tracked.file;
  const std::uint64_t bytes = offset - file.offset;
  if (bytes == 0 && !tracked.changed) {
    return;
  }
  JournalBatch batch;
  batch.events.swap(events_);
  batch.files.push_back(&file);
  bool lines = false;
  for (std::size_t i = 0; i < outcomes_.size(); ++i) {
    if (outcomes_[i] != 0) {
      batch.counted[counter_of(kOutcomes[i])] = outcomes_[i];
      lines = true;
    }
  }
  batch.counted[kReadBytes] = static_cast<std::int64_t>(bytes);
  if (lines) {
    batch.counted[kLastLine] =
        std::chrono::floor<milliseconds>(now_.time_since_epoch()).count() - counters_[kLastLine];
  }
  file.offset = offset;
  write(batch);
  tracked.changed = false;
  if (tracked.missing) {
    tracked.missing = now_;
  }
  batch.events.swap(events_);  // the memory serves again
  discard();
}

}  // namespace usage
