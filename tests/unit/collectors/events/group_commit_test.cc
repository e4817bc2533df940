#include "collectors/events/group_commit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <semaphore>
#include <thread>

#include "exporter/base/error.h"

namespace usage {
namespace {

JournalBatch batch_of(std::size_t events) {
  return {.source = "web", .events = std::vector<JournalEvent>(events, {"e", Instant()})};
}

// An append that waits until it is let go, and knows what it was given.
class Disk {
 public:
  std::vector<std::uint64_t> append(std::span<JournalBatch> batches) {
    ++commits;
    begun.release();
    go.acquire();
    if (broken) {
      throw Error(Reason::io, "disk full");
    }
    std::vector<std::uint64_t> stored;
    for (const JournalBatch& batch : batches) {
      stored.push_back(batch.events.size());
    }
    return stored;
  }

  std::atomic<int> commits = 0;
  std::atomic<bool> broken = false;
  std::counting_semaphore<> begun{0}, go{0};
};

TEST(GroupCommit, WhoComesWhileTheDiskIsBusySharesTheNextCommit) {
  Disk disk;
  GroupCommit commit([&](std::span<JournalBatch> batches) { return disk.append(batches); }, 1000);
  std::atomic<std::uint64_t> stored = 0;
  std::vector<std::thread> threads;
  const auto start = [&](std::size_t events) {
    threads.emplace_back([&, events] {
      const std::uint64_t fresh = commit.commit(batch_of(events));
      EXPECT_EQ(fresh, events);
      stored += fresh;
    });
  };
  start(1);
  disk.begun.acquire();
  for (std::size_t i = 2; i <= 10; ++i) {
    start(i);
  }
  while (commit.waiting() < 55) std::this_thread::yield();
  disk.go.release(10);
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(stored, 55U);
  EXPECT_EQ(disk.commits, 2);
}

TEST(GroupCommit, AFailureIsEverybodysAndNotForGood) {
  Disk disk;
  disk.broken = true;
  disk.go.release(10);
  GroupCommit commit([&](std::span<JournalBatch> batches) { return disk.append(batches); }, 1000);
  EXPECT_THROW(commit.commit(batch_of(1)), Error);
  disk.broken = false;
  EXPECT_EQ(commit.commit(batch_of(3)), 3U);
}

TEST(GroupCommit, OnlySoManyEventsWait) {
  Disk disk;
  GroupCommit commit([&](std::span<JournalBatch> batches) { return disk.append(batches); }, 10);
  std::thread first([&] { EXPECT_EQ(commit.commit(batch_of(100)), 100U); });
  disk.begun.acquire();
  try {
    commit.commit(batch_of(1));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), Reason::limit);
  }
  disk.go.release(10);
  first.join();
  EXPECT_EQ(commit.commit(batch_of(1)), 1U);
}

}  // namespace
}  // namespace usage
