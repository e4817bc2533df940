// Which files there are, and what became of those that are gone.
#include "collectors/events/logs/event_log_tailer.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "collectors/events/logs/tailed_file.h"
#include "exporter/base/strings.h"

namespace usage {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr Duration kNoteSeenEvery = hours(1);   // so that not every read writes
constexpr Duration kKnownFor = hours(24 * 30);  // after it was seen last
constexpr Duration kOpenFor = hours(1);         // after a rotated file grew last

// Whether the file is where it was, and ends before what was read of it.
bool is_shorter(const LogFile& file) {
  struct stat status{};
  return ::stat(file.path.c_str(), &status) == 0 && status.st_dev == file.device &&
         status.st_ino == file.inode && static_cast<std::uint64_t>(status.st_size) < file.offset;
}

}  // namespace

EventLogTailer::EventLogTailer(const SourceConfig& source, EventFilter kept, Journal& journal,
                               const Clock& clock)
    : source_(source),
      journal_(journal),
      clock_(clock),
      parser_(*source.log(), source.naive_time_zone, std::move(kept)),
      lines_(source.log()->max_line_bytes) {}

EventLogTailer::~EventLogTailer() = default;

bool EventLogTailer::read(Instant now, Deadline until, Log& log) {
  now_ = now;
  try {
    load();
    find();
    write_changes();
    bool all = true;
    for (const auto& file : files_) {
      if (!file->descriptor) {
        continue;
      }
      if (is_late(until)) {
        return false;
      }
      all = read_file(*file, until, log) && all;
      if (file->rotated && now - file->modified >= kOpenFor) {
        file->descriptor.reset();
      }
    }
    note_missing();
    write_changes();
    return all;
  } catch (...) {
    loaded_ = false;  // the journal has what is true
    discard();
    throw;
  }
}

void EventLogTailer::load() {
  if (loaded_) {
    return;
  }
  const auto earlier = std::move(files_);
  files_.clear();
  changes_ = {};
  for (LogFile& file : journal_.files(source_.name)) {
    files_.push_back(std::make_unique<Tracked>());
    for (const auto& open : earlier) {
      if (open->file.id == file.id) {
        files_.back()->descriptor = open->descriptor;  // it may be all that is left of the file
      }
    }
    files_.back()->file = std::move(file);
  }
  counters_ = journal_.counters(source_.name);
  if (!counters_.contains(kStarted)) {
    const bool from_end = !source_.log()->from_beginning;
    const auto found = find_log_files(from_end ? source_.log()->paths : std::vector<std::string>());
    for (const FoundFile& file : found) {
      files_.push_back(std::make_unique<Tracked>());
      adopt(*files_.back(), file);
      files_.back()->file.offset = file.compressed ? file.text_size : file.size;
    }
    changes_.counted[kStarted] = std::chrono::floor<milliseconds>(now_.time_since_epoch()).count();
    write_changes();
  }
  loaded_ = true;
}

void EventLogTailer::find() {
  const std::vector<FoundFile> found = find_log_files(source_.log()->paths);
  std::vector<LogFile> known;
  for (const auto& tracked : files_) {
    known.push_back(tracked->file);
    tracked->there = false;
  }
  const std::vector<Match> matches = match_files(known, found);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (matches[i].what == Match::What::known) {
      adopt(*files_[matches[i].known], found[i]);
    } else if (matches[i].what == Match::What::fresh) {
      files_.push_back(std::make_unique<Tracked>());
      adopt(*files_.back(), found[i]);
    }
  }
  note_truncated(known, found);
  std::stable_sort(files_.begin(), files_.end(),
                   [](const auto& a, const auto& b) { return a->modified < b->modified; });
}

// Makes the tracked file be the found one.
void EventLogTailer::adopt(Tracked& tracked, const FoundFile& found) {
  LogFile& file = tracked.file;
  const bool moved = file.device != found.device || file.inode != found.inode;
  if (moved) {
    tracked.skipped = 0;
    tracked.inflating.reset();
    tracked.done.reset();
  }
  tracked.changed = tracked.changed || moved || file.path != found.path ||
                    file.fingerprint_bytes != found.head.size() ||
                    now_ - file.seen >= kNoteSeenEvery;
  tracked.descriptor = found.descriptor;
  tracked.there = true;
  tracked.compressed = found.compressed;
  tracked.rotated = found.rotated;
  tracked.modified = found.modified;
  tracked.disk_size = found.size;
  tracked.text_size = found.text_size;
  tracked.missing.reset();
  file.path = found.path;
  file.device = found.device;
  file.inode = found.inode;
  file.fingerprint = fnv1a(found.head);
  file.fingerprint_bytes = found.head.size();
  file.seen = now_;
  if (found.compressed) {
    return;
  }
  if (found.size < file.offset) {
    // What it still begins with was read. A copy may end before what was read of the original.
    changes_.counted[kTruncations] += moved ? 0 : 1;
    file.offset = found.size;
    tracked.skipped = 0;
    tracked.changed = true;
  }
  file.size = found.size;
}

// Files whose place holds another text now, or none: truncated, or deleted and the inode given
// away.
void EventLogTailer::note_truncated(const std::vector<LogFile>& before,
                                    const std::vector<FoundFile>& found) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    const LogFile& was = before[i];
    if (was.inode == 0) {
      continue;
    }
    const auto by = std::find_if(found.begin(), found.end(), [&](const FoundFile& other) {
      return other.device == was.device && other.inode == was.inode;
    });
    const bool replaced = by != found.end() && !begins_as(by->head, was);
    const bool emptied = by == found.end() && is_shorter(was);
    changes_.counted[kTruncations] += emptied || (replaced && by->path == was.path) ? 1 : 0;
    Tracked& tracked = *files_[i];
    if ((replaced || emptied) && !tracked.there) {
      tracked.file.device = tracked.file.inode = 0;
      tracked.descriptor.reset();
      tracked.skipped = 0;
      tracked.changed = true;
    }
  }
}

// One that is still open may grow for a while. A compressed form of it may appear much later; but
// what was not read of it by then counts as lost.
void EventLogTailer::note_missing() {
  for (const auto& tracked : files_) {
    LogFile& file = tracked->file;
    if (tracked->there) {
      continue;
    }
    tracked->missing = std::min(tracked->missing.value_or(now_), now_);
    if (now_ - *tracked->missing < source_.log()->rotate_wait) {
      continue;
    }
    tracked->descriptor.reset();
    if (file.offset < file.size) {
      changes_.counted[kLostBytes] += static_cast<std::int64_t>(file.size - file.offset);
      file.size = file.offset;
      tracked->changed = true;
    }
    if (now_ - file.seen >= kKnownFor) {
      changes_.gone.push_back(file.id);
      tracked->changed = false;
    }
  }
}

void EventLogTailer::write_changes() {
  for (const auto& tracked : files_) {
    if (tracked->changed) {
      changes_.files.push_back(&tracked->file);
    }
  }
  std::erase_if(changes_.counted, [](const auto& entry) { return entry.second == 0; });
  if (!changes_.files.empty() || !changes_.gone.empty() || !changes_.counted.empty()) {
    write(changes_);
  }
  std::erase_if(files_, [&](const auto& tracked) {
    return std::find(changes_.gone.begin(), changes_.gone.end(), tracked->file.id) !=
           changes_.gone.end();
  });
  for (const auto& tracked : files_) {
    tracked->changed = false;
  }
  changes_ = {};
}

void EventLogTailer::write(JournalBatch& batch) {
  batch.source = source_.name;
  journal_.append(std::span(&batch, 1), Journal::Durability::commit);
  for (const auto& [name, by] : batch.counted) {
    counters_[name] += by;
  }
}

}  // namespace usage
