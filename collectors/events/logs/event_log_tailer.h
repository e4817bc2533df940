#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "collectors/events/journal.h"
#include "collectors/events/logs/line_buffer.h"
#include "collectors/events/logs/log_files.h"
#include "collectors/events/logs/log_line.h"
#include "exporter/base/log.h"
#include "exporter/config/config.h"
#include "exporter/exposition/metric.h"

namespace usage {

// Reads what was added to the log files of a source into the journal. Every line is in it once,
// whatever happens to this process and, but for what the metrics call lost, to the files: they may
// be renamed, copied and truncated, or compressed. Constant memory. One thread.
class EventLogTailer {
 public:
  // The journal and the clock outlive this. Opens nothing.
  EventLogTailer(const SourceConfig& source, EventFilter kept, Journal& journal,
                 const Clock& clock);
  ~EventLogTailer();
  EventLogTailer(const EventLogTailer&) = delete;
  EventLogTailer& operator=(const EventLogTailer&) = delete;

  // Reads until there is no more, or until the deadline, and then gives false. Throws Error(io) as
  // the journal does; what was read before stays read.
  bool read(Instant now, Deadline until, Log& log);

  // The families of describe_log_reading(), as of the last read.
  Metrics metrics() const;

 private:
  struct Compressed;
  struct Tracked;

  void load();
  void find();
  void adopt(Tracked& file, const FoundFile& found);
  void note_truncated(const std::vector<LogFile>& before, const std::vector<FoundFile>& found);
  void note_missing();
  bool read_file(Tracked& file, Deadline until, Log& log);
  bool read_plain(Tracked& file, Deadline until);
  bool read_compressed(Tracked& file, Deadline until);
  void take(const LineBuffer::Line& line);
  void take_rest(const Tracked& file, LineBuffer& lines);
  void commit(Tracked& file, std::uint64_t offset);
  void discard();
  void write_changes();
  void write(JournalBatch& batch);
  bool is_late(Deadline until) const { return clock_.steady_now() >= until; }

  const SourceConfig source_;
  Journal& journal_;
  const Clock& clock_;
  LogLine parser_;
  LineBuffer lines_;
  std::vector<std::unique_ptr<Tracked>> files_;  // in the order in which they are read
  std::map<std::string, std::int64_t> counters_;
  bool loaded_ = false;
  Instant now_;           // of the read under way
  JournalBatch changes_;  // beside what is read
  // What was read of one file since the last commit.
  std::vector<JournalEvent> events_;
  std::array<std::int64_t, 5> outcomes_{};
};

// What log sources tell of themselves, without samples.
Metrics describe_log_reading();

}  // namespace usage
