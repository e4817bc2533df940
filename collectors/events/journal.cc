#include "collectors/events/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <random>
#include <system_error>
#include <utility>

#include "collectors/events/journal_statements.h"
#include "exporter/base/error.h"
#include "exporter/base/format.h"

namespace usage {

namespace fs = std::filesystem;

namespace {

using journal::integer;
using sqlite::Database;
using sqlite::ErrorClass;
using sqlite::Failure;
using sqlite::Statement;
using std::chrono::milliseconds;

std::int64_t ms_of(Instant instant) {
  return std::chrono::floor<milliseconds>(instant.time_since_epoch()).count();
}

Instant instant_of(std::int64_t ms) { return Instant(milliseconds(ms)); }

std::string_view hint(ErrorClass error_class) {
  return error_class == ErrorClass::corrupt || error_class == ErrorClass::not_a_database
             ? "move it away, and a new one is begun: logs are read again as far as they are "
               "still there, events that came over HTTP are not"
             : "check that the disk has room and that the folder may be written";
}

void bind(Statement& statement, int index, const std::optional<std::string>& text) {
  if (text) {
    statement.bind_view(index, *text);
  } else {
    statement.bind(index, std::monostate());
  }
}

}  // namespace

template <typename Action>
auto Journal::attempt(std::string_view what, Action&& action) {
  const std::scoped_lock lock(mutex_);
  try {
    return action();
  } catch (const Failure& failure) {
    throw Error(Reason::io, fmt::format("cannot {} the journal {}: {}; {}", what, path_,
                                        failure.plain, hint(failure.error_class)));
  }
}

std::string Journal::path_in(const std::string& storage_path) {
  if (!storage_path.empty()) {
    return storage_path + "/" + kFile;
  }
  std::random_device random;
  const std::uint64_t high = random();
  return fmt::format("{}/usage_exporter-{:016x}/{}", fs::temp_directory_path().string(),
                     high << 32 | random(), kFile);
}

Journal::Journal(const std::string& path, bool temporary) : path_(path), temporary_(temporary) {
  const std::string folder = fs::path(path).parent_path().string();
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (temporary) {
    ::chmod(folder.c_str(), 0700);
  }
  // SQLite would create it readable by everyone, and its other files after it.
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    throw Error(Reason::io,
                fmt::format("cannot open the journal {}: {}; check that the folder exists "
                            "and that the file may be read and written",
                            path, std::generic_category().message(errno)));
  }
  ::close(descriptor);
  attempt("open", [&] { statements_ = std::make_unique<journal::Statements>(path, temporary); });
}

Journal::~Journal() {
  statements_.reset();
  if (temporary_) {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm"}) {
      fs::remove(path_ + suffix, ignored);
    }
    fs::remove(fs::path(path_).parent_path(), ignored);
  }
}

std::vector<std::uint64_t> Journal::append(std::span<JournalBatch> batches, Durability durability) {
  std::vector<std::uint64_t> stored;
  std::vector<LogFile*> fresh;
  const auto add = [&](JournalBatch& batch) {
    journal::Statements& s = *statements_;
    std::uint64_t& number = stored.emplace_back(0);
    std::map<std::int64_t, std::int64_t> touched;  // ms → id
    s.insert_event.bind_view(1, batch.source);
    for (const JournalEvent& event : batch.events) {
      s.insert_event.bind_view(2, event.event);
      s.insert_event.bind(3, ms_of(event.time));
      bind(s.insert_event, 4, event.user);
      bind(s.insert_event, 5, event.message);
      s.insert_event.bind_view(6, event.fields);
      journal::Statements::run(s.insert_event);
      if (s.database().changes() != 0) {
        ++number;
        constexpr std::int64_t kMs = milliseconds(kTouched).count();
        touched[ms_of(event.time) / kMs * kMs] = s.database().last_id();
      }
    }
    s.touch.bind(1, std::string_view(batch.source));
    for (const auto& [start, last] : touched) {
      s.touch.bind(2, start);
      s.touch.bind(3, last);
      journal::Statements::run(s.touch);
    }
    for (LogFile* file : batch.files) {
      Statement& put = file->id == 0 ? s.insert_file : s.update_file;
      put.bind(1, std::string_view(batch.source));
      put.bind(2, std::string_view(file->path));
      put.bind(3, static_cast<std::int64_t>(file->device));
      put.bind(4, static_cast<std::int64_t>(file->inode));
      put.bind(5, static_cast<std::int64_t>(file->fingerprint));
      put.bind(6, static_cast<std::int64_t>(file->fingerprint_bytes));
      put.bind(7, static_cast<std::int64_t>(file->offset));
      put.bind(8, static_cast<std::int64_t>(file->size));
      put.bind(9, ms_of(file->seen));
      if (file->id != 0) {
        put.bind(10, file->id);
      }
      journal::Statements::run(put);
      if (file->id == 0) {
        file->id = s.database().last_id();
        fresh.push_back(file);
      }
    }
    if (!batch.gone.empty()) {
      Statement erase = s.prepare("DELETE FROM log_files WHERE id = ?");
      for (const std::int64_t id : batch.gone) {
        erase.bind(1, id);
        journal::Statements::run(erase);
      }
    }
    s.count.bind(1, std::string_view(batch.source));
    for (const auto& [name, by] : batch.counted) {
      s.count.bind(2, std::string_view(name));
      s.count.bind(3, by);
      journal::Statements::run(s.count);
    }
  };
  try {
    attempt("write", [&] {
      statements_->transaction(durability, [&] {
        for (JournalBatch& batch : batches) {
          add(batch);
        }
      });
    });
  } catch (...) {
    for (LogFile* file : fresh) {
      file->id = 0;
    }
    throw;
  }
  return stored;
}

std::vector<LogFile> Journal::files(const std::string& source) {
  std::vector<LogFile> files;
  attempt("read", [&] {
    Statement select = statements_->prepare(
        "SELECT id, path, device, inode, fingerprint, fingerprint_bytes, offset, size, seen "
        "FROM log_files WHERE source = ? ORDER BY id");
    select.bind(1, std::string_view(source));
    while (select.step()) {
      const auto number = [&](int column) {
        return static_cast<std::uint64_t>(integer(select, column));
      };
      files.push_back({.id = integer(select, 0),
                       .path = std::string(select.blob(1)),
                       .device = number(2),
                       .inode = number(3),
                       .fingerprint = number(4),
                       .fingerprint_bytes = number(5),
                       .offset = number(6),
                       .size = number(7),
                       .seen = instant_of(integer(select, 8))});
    }
  });
  return files;
}

std::map<std::string, std::int64_t> Journal::counters(const std::string& source) {
  std::map<std::string, std::int64_t> counters;
  attempt("read", [&] {
    Statement select = statements_->prepare("SELECT name, value FROM counters WHERE source = ?");
    select.bind(1, std::string_view(source));
    while (select.step()) {
      counters[std::string(select.blob(0))] = integer(select, 1);
    }
  });
  return counters;
}

Journal::Touched Journal::touched(const std::string& source) {
  Touched intervals;
  attempt("read", [&] {
    Statement select = statements_->prepare("SELECT start, last FROM touched WHERE source = ?");
    select.bind(1, std::string_view(source));
    while (select.step()) {
      intervals[instant_of(integer(select, 0))] = integer(select, 1);
    }
  });
  return intervals;
}

void Journal::acknowledge(const std::string& source, const Touched& intervals) {
  if (intervals.empty()) {
    return;
  }
  attempt("write", [&] {
    statements_->transaction(Durability::commit, [&] {
      Statement erase =
          statements_->prepare("DELETE FROM touched WHERE source = ? AND start = ? AND last <= ?");
      erase.bind(1, std::string_view(source));
      for (const auto& [start, last] : intervals) {
        erase.bind(2, ms_of(start));
        erase.bind(3, last);
        journal::Statements::run(erase);
      }
    });
  });
}

void Journal::prune(const std::string& source, Instant before) {
  attempt("write", [&] {
    statements_->transaction(Durability::commit, [&] {
      Statement erase = statements_->prepare("DELETE FROM events WHERE source = ? AND time < ?");
      erase.bind(1, std::string_view(source));
      erase.bind(2, ms_of(before));
      journal::Statements::run(erase);
    });
  });
}

bool Journal::forget(std::string_view user) {
  bool found = false;
  attempt("write", [&] {
    Database& database = statements_->database();
    statements_->transaction(Durability::disk, [&] {
      Statement unknown = statements_->prepare("UPDATE events SET user = NULL WHERE user = ?");
      unknown.bind(1, user);
      journal::Statements::run(unknown);
      found = database.changes() != 0;
      std::vector<std::pair<std::int64_t, std::string>> places;
      Statement select = statements_->prepare(
          "SELECT events.id, field.fullkey FROM events, json_each(events.fields) AS field "
          "WHERE field.type IN ('text', 'integer', 'real') AND CAST(field.value AS TEXT) = ?");
      select.bind(1, user);
      while (select.step()) {
        places.emplace_back(integer(select, 0), select.blob(1));
      }
      select.reset();
      Statement remove =
          statements_->prepare("UPDATE events SET fields = json_remove(fields, ?) WHERE id = ?");
      for (const auto& [id, place] : places) {
        remove.bind(1, std::string_view(place));
        remove.bind(2, id);
        journal::Statements::run(remove);
      }
      found = found || !places.empty();
    });
    if (found) {
      database.run("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    }
  });
  return found;
}

}  // namespace usage
