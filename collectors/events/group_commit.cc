#include "collectors/events/group_commit.h"

#include <utility>

#include "exporter/base/error.h"

namespace usage {

std::uint64_t GroupCommit::commit(JournalBatch batch) {
  Waiting waiting{std::move(batch)};
  const std::size_t size = waiting.batch.events.size();
  std::unique_lock lock(mutex_);
  if (events_ != 0 && events_ + size > max_events_) {
    throw Error(Reason::limit, "too many events wait for the disk; try again soon");
  }
  events_ += size;
  queue_.push_back(&waiting);
  while (!waiting.done) {
    if (committing_) {
      changed_.wait(lock);
    } else {
      commit_all(lock);
    }
  }
  events_ -= size;
  if (waiting.failure) {
    std::rethrow_exception(waiting.failure);
  }
  return waiting.stored;
}

std::size_t GroupCommit::waiting() {
  const std::scoped_lock lock(mutex_);
  return events_;
}

void GroupCommit::commit_all(std::unique_lock<std::mutex>& lock) {
  committing_ = true;
  const std::vector<Waiting*> group = std::exchange(queue_, {});
  lock.unlock();
  std::vector<std::uint64_t> stored(group.size());
  std::exception_ptr failure;
  try {
    std::vector<JournalBatch> batches;
    for (Waiting* waiting : group) {
      batches.push_back(std::move(waiting->batch));
    }
    stored = append_(batches);
  } catch (...) {
    failure = std::current_exception();
  }
  lock.lock();
  for (std::size_t i = 0; i < group.size(); ++i) {
    group[i]->stored = failure ? 0 : stored[i];
    group[i]->failure = failure;
    group[i]->done = true;
  }
  committing_ = false;
  changed_.notify_all();
}

}  // namespace usage
