#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace usage {

// Ends the reading of bodies that do not come to an end. civetweb bounds the pause between two
// bytes but not the number of pauses: a client that sends a byte now and then would hold a worker
// for hours. Thread-safe.
class ReadDeadlines {
 public:
  using Steady = std::chrono::steady_clock;

  ReadDeadlines();
  ~ReadDeadlines();  // no watch is left
  ReadDeadlines(const ReadDeadlines&) = delete;
  ReadDeadlines& operator=(const ReadDeadlines&) = delete;

 private:
  struct Entry {
    int port, peer_port;
    Steady::time_point deadline;
    bool over = false;
  };
  using Entries = std::list<Entry>;

 public:
  // One connection of the server, from its port to the client's, as long as the object lives. When
  // its time is over, the client can send nothing more; responses still reach it.
  class Watch {
   public:
    Watch(ReadDeadlines& owner, int port, int peer_port, Steady::duration patience);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    ReadDeadlines& owner_;
    Entries::iterator entry_;
  };

 private:
  void run();

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  Entries entries_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace usage
