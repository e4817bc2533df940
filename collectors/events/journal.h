#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/clock.h"

namespace usage {

namespace journal {
class Statements;
}

// One thing that happened, as a log or a client told it. Texts are UTF-8.
struct JournalEvent {
  std::string event;                     // its name, as sent
  Instant time;                          // kept in milliseconds
  std::optional<std::string> user = {};  // none: unknown
  std::optional<std::string> message =
      {};                     // the sender's id: a second one of the source is not stored
  std::string fields = "{}";  // flat JSON object: dotted path → scalar
  bool operator==(const JournalEvent&) const = default;
};

// A log file that is being read, or was.
struct LogFile {
  std::int64_t id = 0;  // of the journal's own; 0: not in it yet
  std::string path;     // where it was seen last
  std::uint64_t device = 0, inode = 0;
  std::uint64_t fingerprint = 0;        // of its first bytes,
  std::uint64_t fingerprint_bytes = 0;  // so many
  std::uint64_t offset = 0;             // of the first byte that is not in the journal
  std::uint64_t size = 0;               // of its text, as far as it was seen
  Instant seen = {};                    // when it was last there
  bool operator==(const LogFile&) const = default;
};

// What one source adds, all of it or nothing.
struct JournalBatch {
  std::string source;
  std::vector<JournalEvent> events = {};
  std::vector<LogFile*> files = {};                  // to be kept; new ones get their id
  std::vector<std::int64_t> gone = {};               // ids of files to forget
  std::map<std::string, std::int64_t> counted = {};  // by how much to raise these counters
};

// Events that came from logs and clients, in one SQLite file that is read like any source's
// (driver "log" or "ingest"). Its one table for readers:
//
//     events(id, source, event, time /* ms since 1970 */, user, message, fields)
//
// with an index on (source, event, time). Beside it lie the offsets of log files and counters, so
// that whatever an event changes is committed with it. Thread-safe. Every function throws
// Error(io) that names the file; then nothing was changed, and it may be tried again.
class Journal {
 public:
  static constexpr int kFormat = 1;
  static constexpr char kFile[] = "events.db";

  // Where the journal of a process lies: in its storage folder, or, without one, in a temporary
  // folder of its own. Creates nothing.
  static std::string path_in(const std::string& storage_path);

  // Creates what is missing, readable by its owner alone; `temporary`: and removes it at the end.
  // Error(config) when a newer program wrote the file.
  Journal(const std::string& path, bool temporary);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  enum class Durability {
    commit,  // survives the process; after a loss of power the last commits may be gone
    disk,    // survives a loss of power too
  };
  // All batches in one transaction. How many events of each were stored; the others were there.
  std::vector<std::uint64_t> append(std::span<JournalBatch> batches, Durability durability);

  std::vector<LogFile> files(const std::string& source);  // in the order in which they were added
  std::map<std::string, std::int64_t> counters(const std::string& source);

  // Intervals of kTouched, by their starts, for which events came since they were last
  // acknowledge(), so that what was read of them before is not all there is; each with the id of
  // its last event.
  static constexpr std::chrono::minutes kTouched{5};
  using Touched = std::map<Instant, std::int64_t>;
  Touched touched(const std::string& source);
  // Once these are in the facts for good. Intervals that were touched again meanwhile stay.
  void acknowledge(const std::string& source, const Touched& intervals);

  // Deletes events before `before`.
  void prune(const std::string& source, Instant before);

  // Makes a user unknown: the id is gone from the file for good. False: no event has it.
  bool forget(std::string_view user);

 private:
  template <typename Action>
  auto attempt(std::string_view what, Action&& action);

  const std::string path_;
  const bool temporary_;
  std::mutex mutex_;  // guards what follows
  std::unique_ptr<journal::Statements> statements_;
};

}  // namespace usage
