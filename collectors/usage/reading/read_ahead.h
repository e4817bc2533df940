#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "collectors/api/source.h"
#include "exporter/base/mutex.h"

namespace usage {

// A source that reads the results of scans it was asked for in a thread of its own, while those
// before are taken: the database need not wait for what is done with the rows, nor the other way
// round. Holds some thousand rows at most, or some dozen where they have texts of tens of
// kilobytes. Belongs to one thread, and has none of its own until ask().
class ReadAhead : public Source {
 public:
  // The source outlives this one, and is nobody else's meanwhile.
  explicit ReadAhead(Source& source) : source_(source) {}
  ~ReadAhead() override;  // what was asked for and not taken is cancelled
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // The scans that come next, in this order, have these queries.
  void ask(Query query, Deadline deadline);
  bool asked() const { return !expected_.empty(); }  // for more than was scanned

  // The source's own scan when nothing was asked for; otherwise of the query that was asked for
  // first, by the deadline given then. After a throw nothing is asked for any more. Throws
  // std::logic_error for another query.
  void scan(const Query& query, Deadline deadline, const RowSink& sink) override;
  std::vector<Column> describe(const Query& query, Deadline deadline) override;
  void interrupt() noexcept override { source_.interrupt(); }

 private:
  struct Asked {
    Query query;
    Deadline deadline;
  };
  // A piece of a result, in the order of the rows.
  struct Batch {
    std::vector<Column> columns;  // in the first of a result
    std::vector<Value> cells;     // row by row; their texts lie in `texts`
    std::size_t rows = 0;
    std::string texts;
    bool last = false;
    std::exception_ptr failure;  // in the last one
    void clear();                // keeps the memory
  };
  struct Stopped {};  // thrown through a scan whose rows nobody takes any more

  void work();
  void read(const Asked& asked);
  void put(Batch batch);
  Batch next();
  void take(const RowSink& sink);
  void stop();

  Source& source_;
  std::deque<Query> expected_;  // of the caller

  Mutex mutex_;
  std::condition_variable changed_;
  std::deque<Asked> asked_ GUARDED_BY(mutex_);
  std::deque<Batch> batches_ GUARDED_BY(mutex_), used_ GUARDED_BY(mutex_);
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::optional<std::jthread> thread_;
};

}  // namespace usage
