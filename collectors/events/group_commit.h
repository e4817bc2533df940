#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "collectors/events/journal.h"

namespace usage {

// Lets requests that come at the same time share one commit, and so one wait for the disk. The
// first to come commits for all that wait; those that come meanwhile are the next commit.
// Thread-safe.
class GroupCommit {
 public:
  // As Journal::append() on the disk; may throw.
  using Append = std::function<std::vector<std::uint64_t>(std::span<JournalBatch>)>;

  // No more than `max_events` wait, but one batch always may.
  GroupCommit(Append append, std::size_t max_events)
      : append_(std::move(append)), max_events_(max_events) {}

  // Returns when the batch is on the disk: how many of its events are new. Throws what the append
  // threw, and Error(limit) when too many wait already.
  std::uint64_t commit(JournalBatch batch);

  // Events in the queue and under way.
  std::size_t waiting();

 private:
  struct Waiting {
    JournalBatch batch;
    std::uint64_t stored = 0;
    std::exception_ptr failure{};
    bool done = false;
  };
  void commit_all(std::unique_lock<std::mutex>& lock);

  const Append append_;
  const std::size_t max_events_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Waiting*> queue_;
  std::size_t events_ = 0;  // in the queue and under way
  bool committing_ = false;
};

}  // namespace usage
