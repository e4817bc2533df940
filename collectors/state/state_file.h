#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "collectors/facts/facts.h"
#include "exporter/base/log.h"

namespace usage {

namespace state {
class FolderLock;
class BlobStore;
}  // namespace state

// Facts that outlive the process: one SQLite database, usage.db, in a folder that one process at a
// time holds. Not thread-safe; its user calls it under the lock of the facts.
//
// A refresh writes all its changes in one transaction. After kill -9 at any instant the file is as
// the last commit left it. After a loss of power the last commits may be gone (SQLite's WAL with
// synchronous=NORMAL), but the file is some commit's; what is gone is read again.
//
// The file is of format kFormat. Older ones are upgraded when they are opened, in a transaction. It
// holds external ids of users: it and its folder are readable by their owner alone.
class StateFile {
 public:
  static constexpr int kFormat = 2;
  static constexpr char kFile[] = "usage.db";
  enum class Opened {
    existing,
    created,
    damaged,  // moved aside to usage.db.corrupt-TIME, and an empty one begun
  };

  // Creates what is missing. Error(io) names the folder when it cannot be used or another process
  // holds it; Error(config) when a newer program wrote the file, which is then left alone. Logs a
  // damaged file as an error. `now` becomes created_at() of a new file. The log outlives this.
  StateFile(const std::string& folder, Instant now, Log& log);
  ~StateFile();
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;

  Opened opened() const { return opened_; }           // load() may turn it into damaged
  Instant created_at() const { return created_at_; }  // since when counters count

  // A table of facts as the config has it: a feature by its name, or kActivity.
  static constexpr char kActivity[] = "";
  struct Table {
    std::string fingerprint;  // of all that decides how its rows are read
    std::string progress;     // a text of the reader's own
  };
  // Those of the tables in the file, by name. Empty for a damaged file: load() tells.
  std::map<std::string, std::string> fingerprints();
  // Fills `facts`, whose features have been made by the config and have no facts yet, and `tables`'
  // progress: by name, in with the wanted fingerprints, out with what was kept. A table with
  // another fingerprint or shape, and one that is not wanted any more, is dropped from the file
  // alone, and is not in the result. Call it once, before any Changes.
  std::map<std::string, Table> load(Facts& facts, const std::map<std::string, Table>& wanted);

  // Makes a user unknown: their id is gone from directory and file for good, also from damaged
  // files that were moved aside; rows of theirs stay as rows without a user. False: nobody has that
  // id.
  bool forget(Facts& facts, std::string_view user);
  // The same for a file that no config is at hand for, instead of load(). A damaged file is removed
  // as a whole, and the result is true.
  bool forget(std::string_view user);

  // One transaction: all of it or nothing.
  class Changes {
   public:
    explicit Changes(StateFile& file);  // begins
    ~Changes();                         // takes back what was not committed
    Changes(const Changes&) = delete;
    Changes& operator=(const Changes&) = delete;

    void put_table(const std::string& name, const Table& table);
    // The UTC days that the interval touches, the counters and the names.
    void put_feature(const std::string& name, const FeatureFacts& facts, const Interval& interval);
    void put_activity(const Activity& activity, const Interval& interval);
    void put_users(const Facts& facts);  // and artifacts: those that are new since the last commit
    void drop(const std::string& name);  // table and facts
    void commit();

   private:
    void put_texts(const std::string& kind, const std::string& name, const IdMap& texts);

    StateFile& file_;
    std::map<std::pair<std::string, std::string>, std::uint32_t> stored_;
    bool committed_ = false;
  };

 private:
  static constexpr char kAside[] = "usage.db.corrupt-";

  void open();
  void set_aside(const std::string& why);
  void remove_set_aside();
  std::map<std::string, Table> everything(Facts& facts);
  std::map<std::string, Table> read(Facts& facts, const std::map<std::string, Table>& wanted);
  void read_texts(const std::string& kind, const std::string& name, IdMap& texts);
  void read_feature(const std::string& name, FeatureFacts& facts);
  void read_activity(Activity& activity);

  std::string folder_;
  Log& log_;
  Instant now_;
  std::unique_ptr<state::FolderLock> lock_;
  std::unique_ptr<state::BlobStore> blobs_;
  Opened opened_ = Opened::existing;
  Instant created_at_;
  // How many texts of each directory are in the file, by kind and table.
  std::map<std::pair<std::string, std::string>, std::uint32_t> stored_;
};

}  // namespace usage
